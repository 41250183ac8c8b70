// Drives the network service of a running cloud over gRPC, and tells a refusal by the constant of the contract.
//
//	mopenstack up --detach
//	./generate.sh
//	go run . 127.0.0.1:PORT "$(openstack token issue -f value -c id)"
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	networkv2 "mopenstack.dev/go/network/v2"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatalf("usage: %s GRPC-ADDRESS TOKEN", os.Args[0])
	}
	channel, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-auth-token", os.Args[2])
	networks := networkv2.NewNetworksClient(channel)
	ports := networkv2.NewPortsClient(channel)

	made, err := networks.CreateNetwork(ctx, &networkv2.CreateNetworkRequest{Network: &networkv2.Network{Name: "from-go"}})
	if err != nil {
		log.Fatal(err)
	}
	id := made.GetNetwork().GetId()
	port, err := ports.CreatePort(ctx, &networkv2.CreatePortRequest{Port: &networkv2.Port{NetworkId: id}})
	if err != nil {
		log.Fatal(err)
	}

	_, err = networks.DeleteNetwork(ctx, &networkv2.DeleteNetworkRequest{NetworkId: id})
	if !refusedBy(err, networkv2.Refusal_NETWORK_IN_USE) {
		log.Fatalf("a network with a port was not refused as in use: %v", err)
	}
	fmt.Printf("%s: %s\n", networkv2.Refusal_NETWORK_IN_USE, status.Convert(err).Message())

	if _, err = ports.DeletePort(ctx, &networkv2.DeletePortRequest{PortId: port.GetPort().GetId()}); err != nil {
		log.Fatal(err)
	}
	if _, err = networks.DeleteNetwork(ctx, &networkv2.DeleteNetworkRequest{NetworkId: id}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("deleted")
}

// refusedBy tells whether an error is a refusal of the network service by its name in the contract.
func refusedBy(err error, refusal networkv2.Refusal) bool {
	for _, detail := range status.Convert(err).Details() {
		info, ok := detail.(*errdetails.ErrorInfo)
		if ok && info.GetDomain() == "mopenstack.network.v2" && info.GetReason() == refusal.String() {
			return true
		}
	}
	return false
}
