// Drives a cloud of a running mopenstack over gRPC: makes it, injects a fault, boots a server, forces its state, and tells a
// refusal by the constant of the contract.
//
//	mopenstack up --detach
//	make clients
//	cd clients/go && go run ./example 127.0.0.1:PORT      # the gRPC address of `mopenstack status`
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
	"google.golang.org/protobuf/types/known/structpb"
	adminv1 "mopenstack.dev/go/admin/v1"
	computev2 "mopenstack.dev/go/compute/v2"
	identityv3 "mopenstack.dev/go/identity/v3"
	imagev2 "mopenstack.dev/go/image/v2"
	networkv2 "mopenstack.dev/go/network/v2"
)

const cloud = "from-go"

func main() {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s GRPC-ADDRESS", os.Args[0])
	}
	channel, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	if err := run(context.Background(), channel); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, channel *grpc.ClientConn) error {
	admin := adminv1.NewAdminClient(channel)
	if _, err := admin.CreateCloud(ctx, &adminv1.CreateCloudRequest{Name: cloud}); err != nil {
		return err
	}
	defer admin.DeleteCloud(ctx, &adminv1.CloudRequest{Cloud: cloud})
	fmt.Println("made the cloud", cloud)

	user, err := signIn(ctx, channel)
	if err != nil {
		return err
	}

	// The next create of a server fails, as if Nova were overloaded.
	fault := &adminv1.Fault{Operation: "CreateServer", Times: 1, Status: 503, Message: "Nova has a day off."}
	if _, err := adminv1.NewFaultsClient(channel).AddFault(ctx, &adminv1.AddFaultRequest{Cloud: cloud, Fault: fault}); err != nil {
		return err
	}
	servers := computev2.NewServersClient(channel)
	wanted, err := server(user, channel)
	if err != nil {
		return err
	}
	_, err = servers.CreateServer(user, wanted)
	fmt.Printf("%s: %s\n", status.Code(err), status.Convert(err).Message())

	made, err := servers.CreateServer(user, wanted)
	if err != nil {
		return err
	}
	id := made.GetServer().GetId()
	if err := show(user, servers, id); err != nil {
		return err
	}
	forced := &adminv1.ForceStateRequest{Cloud: cloud, Kind: "server", Id: id, State: "error"}
	if _, err := admin.ForceState(ctx, forced); err != nil {
		return err
	}
	if err := show(user, servers, id); err != nil {
		return err
	}
	return refused(user, channel)
}

// signIn returns a context whose calls are those of demo, in the new cloud.
func signIn(ctx context.Context, channel *grpc.ClientConn) (context.Context, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "x-mopenstack-cloud", cloud)
	home := &identityv3.Auth_Domain{Id: pointer("default")}
	scope, err := structpb.NewValue(map[string]any{
		"project": map[string]any{"name": "demo", "domain": map[string]any{"id": "default"}},
	})
	if err != nil {
		return nil, err
	}
	issued, err := identityv3.NewTokensClient(channel).CreateToken(ctx, &identityv3.CreateTokenRequest{
		Auth: &identityv3.Auth{
			Identity: &identityv3.Auth_Identity{
				Methods: &identityv3.Auth_Methods{Names: []string{"password"}},
				Password: &identityv3.Auth_Password{
					User: &identityv3.Auth_User{Name: pointer("demo"), Password: pointer("secret"), Domain: home},
				},
			},
			Scope: scope,
		},
	})
	if err != nil {
		return nil, err
	}
	return metadata.AppendToOutgoingContext(ctx, "x-auth-token", issued.GetSubjectToken()), nil
}

// server describes a small server without networks.
func server(user context.Context, channel *grpc.ClientConn) (*computev2.CreateServerRequest, error) {
	images, err := imagev2.NewImagesClient(channel).ListImages(user, &imagev2.ListImagesRequest{})
	if err != nil {
		return nil, err
	}
	return &computev2.CreateServerRequest{Server: &computev2.ServerCreate{
		Name: "web-1", FlavorId: "1", ImageId: images.GetImages()[0].GetId(), Networks: structpb.NewStringValue("none"),
	}}, nil
}

func show(user context.Context, servers computev2.ServersClient, id string) error {
	found, err := servers.GetServer(user, &computev2.GetServerRequest{ServerId: id})
	if err == nil {
		fmt.Println(found.GetServer().GetName(), "is", found.GetServer().GetStatus())
	}
	return err
}

// refused deletes a network that has a port, which Neutron refuses.
func refused(user context.Context, channel *grpc.ClientConn) error {
	networks, ports := networkv2.NewNetworksClient(channel), networkv2.NewPortsClient(channel)
	made, err := networks.CreateNetwork(user, &networkv2.CreateNetworkRequest{Network: &networkv2.Network{Name: "blue"}})
	if err != nil {
		return err
	}
	id := made.GetNetwork().GetId()
	if _, err := ports.CreatePort(user, &networkv2.CreatePortRequest{Port: &networkv2.Port{NetworkId: id}}); err != nil {
		return err
	}
	_, err = networks.DeleteNetwork(user, &networkv2.DeleteNetworkRequest{NetworkId: id})
	if !refusedBy(err, networkv2.Refusal_NETWORK_IN_USE) {
		return fmt.Errorf("a network with a port was not refused as in use: %w", err)
	}
	fmt.Printf("%s: %s\n", networkv2.Refusal_NETWORK_IN_USE, status.Convert(err).Message())
	return nil
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

func pointer(text string) *string { return &text }
