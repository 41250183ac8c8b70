// Drives a cloud of a running mopenstack over gRPC: makes it, injects a fault, boots a server, forces its state, and tells a
// refusal by the constant of the contract.
//
//   mopenstack up --detach
//   make clients
//   cd clients/typescript && npm run example -- 127.0.0.1:PORT      (the gRPC address of `mopenstack status`)
import { CallOptions, Client, credentials, Metadata, ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfo } from "../src/google/rpc/error_details";
import { Status } from "../src/google/rpc/status";
import { AdminClient, CreateCloudRequest, ForceStateRequest } from "../src/mopenstack/admin/v1/admin";
import { AddFaultRequest, FaultsClient } from "../src/mopenstack/admin/v1/faults";
import { CreateServerRequest, ServersClient, Server_Status } from "../src/mopenstack/compute/v2/servers/servers";
import { CreateTokenRequest, TokensClient } from "../src/mopenstack/identity/v3/auth/tokens";
import { ImagesClient, ListImagesRequest } from "../src/mopenstack/image/v2/images/images";
import { CreateNetworkRequest, DeleteNetworkRequest, NetworksClient } from "../src/mopenstack/network/v2/core/networks";
import { CreatePortRequest, PortsClient } from "../src/mopenstack/network/v2/core/ports";
import { Refusal } from "../src/mopenstack/network/v2/refusals";

const cloud = "from-typescript";
const address = process.argv[2];

/** A method of a generated client. */
type Unary<Q, A> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, answer: A) => void,
) => unknown;

/** A call as a promise: `await asked(servers, servers.getServer, { serverId }, user)`. */
function asked<Q, A>(client: Client, method: Unary<Q, A>, request: Q, metadata = new Metadata()): Promise<A> {
  return new Promise((resolve, reject) =>
    method.call(client, request, metadata, {}, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
}

/** The error of a call that is to fail. */
async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("the call did not fail");
}

/** The refusal of an error: the service that refuses, and the name that it has in the contract. */
function refusalOf(error: ServiceError): ErrorInfo | undefined {
  for (const details of error.metadata.get("grpc-status-details-bin")) {
    for (const detail of Status.decode(details as Buffer).details) {
      if (detail.typeUrl.endsWith("/google.rpc.ErrorInfo")) return ErrorInfo.decode(detail.value);
    }
  }
  return undefined;
}

/** What the calls of demo carry. */
async function signIn(tokens: TokensClient): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set("x-mopenstack-cloud", cloud);
  const domain = { id: "default" };
  const request = CreateTokenRequest.fromPartial({
    auth: {
      identity: {
        methods: { names: ["password"] },
        password: { user: { name: "demo", password: "secret", domain } },
      },
      scope: { project: { name: "demo", domain } },
    },
  });
  const issued = await asked(tokens, tokens.createToken, request, metadata);
  metadata.set("x-auth-token", issued.subjectToken);
  return metadata;
}

async function main(): Promise<void> {
  const channel = credentials.createInsecure();
  const admin = new AdminClient(address, channel);
  const faults = new FaultsClient(address, channel);
  const servers = new ServersClient(address, channel);
  const networks = new NetworksClient(address, channel);
  const ports = new PortsClient(address, channel);
  await asked(admin, admin.createCloud, CreateCloudRequest.fromPartial({ name: cloud }));
  try {
    console.log(`made the cloud ${cloud}`);
    const user = await signIn(new TokensClient(address, channel));

    // The next create of a server fails, as if Nova were overloaded.
    const fault = { operation: "CreateServer", times: 1, status: 503, message: "Nova has a day off." };
    await asked(faults, faults.addFault, AddFaultRequest.fromPartial({ cloud, fault }));
    const imagesOfCloud = new ImagesClient(address, channel);
    const { images } = await asked(imagesOfCloud, imagesOfCloud.listImages, ListImagesRequest.fromPartial({}), user);
    const server = { name: "web-1", flavorId: "1", imageId: images[0].id, networks: "none" };
    const wanted = CreateServerRequest.fromPartial({ server });
    const failed = await failure(asked(servers, servers.createServer, wanted, user));
    console.log(`${status[failed.code]}: ${failed.details}`);

    const made = await asked(servers, servers.createServer, wanted, user);
    const serverId = made.server!.id;
    const show = async () => {
      const found = await asked(servers, servers.getServer, { serverId }, user);
      console.log(`${found.server!.name} is ${Server_Status[found.server!.status]}`);
    };
    await show();
    await asked(admin, admin.forceState, ForceStateRequest.fromPartial({ cloud, kind: "server", id: serverId, state: "error" }));
    await show();

    // Neutron refuses to delete a network that has a port.
    const blue = CreateNetworkRequest.fromPartial({ network: { name: "blue" } });
    const networkId = (await asked(networks, networks.createNetwork, blue, user)).network!.id;
    await asked(ports, ports.createPort, CreatePortRequest.fromPartial({ port: { networkId } }), user);
    const deletion = DeleteNetworkRequest.fromPartial({ networkId });
    const refused = await failure(asked(networks, networks.deleteNetwork, deletion, user));
    const refusal = refusalOf(refused);
    if (refusal?.domain !== "mopenstack.network.v2" || refusal.reason !== Refusal[Refusal.NETWORK_IN_USE]) throw refused;
    console.log(`${refusal.reason}: ${refused.details}`);
  } finally {
    await asked(admin, admin.deleteCloud, { cloud });
  }
}

main().then(
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
