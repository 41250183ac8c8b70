// How clients reach a cloud: lines to copy.
import { html, usePlace, useState } from "./lib.js";
import { path, query, useData } from "./api.js";
import { Choice, Head, Lines, Problem, Tabs, Text } from "./parts.js";

/** The path under which a cloud is; a version's number in its name would be taken for the API's. */
export const cloudPath = name => (name === "default" ? "" : `/cloud/${name.replace(/v(?=[0-9.])/g, "v~")}`);
export const authUrl = name => `${location.origin}${cloudPath(name)}/identity/v3`;

const KINDS = [["shell", "Shell"], ["yaml", "clouds.yaml"], ["terraform", "Terraform"], ["python", "Python SDK"], ["go", "Go SDK"], ["pytest", "pytest"]];

const LINES = {
  shell: it => `export OS_AUTH_URL=${it.url}
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=${it.user}
export OS_PASSWORD=${it.password}
export OS_USER_DOMAIN_ID=default
export OS_PROJECT_NAME=${it.project}
export OS_PROJECT_DOMAIN_ID=default
export OS_REGION_NAME=${it.region}

openstack server list`,
  yaml: it => `clouds:
  ${it.cloud}:
    auth:
      auth_url: ${it.url}
      username: ${it.user}
      password: ${it.password}
      user_domain_id: default
      project_name: ${it.project}
      project_domain_id: default
    region_name: ${it.region}
    identity_api_version: '3'`,
  terraform: it => `terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

provider "openstack" {
  auth_url          = "${it.url}"
  user_name         = "${it.user}"
  password          = "${it.password}"
  user_domain_id    = "default"
  tenant_name       = "${it.project}"
  project_domain_id = "default"
  region            = "${it.region}"
}`,
  python: it => `import openstack

cloud = openstack.connect(
    auth_url="${it.url}",
    username="${it.user}",
    password="${it.password}",
    user_domain_id="default",
    project_name="${it.project}",
    project_domain_id="default",
    region_name="${it.region}",
)
print([server.name for server in cloud.compute.servers()])`,
  go: it => `provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
	IdentityEndpoint: "${it.url}",
	Username:         "${it.user}",
	Password:         "${it.password}",
	DomainID:         "default",
	Scope: &gophercloud.AuthScope{ProjectName: "${it.project}", DomainID: "default"},
})
client, err := openstack.NewComputeV2(provider, gophercloud.EndpointOpts{Region: "${it.region}"})`,
  pytest: () => `# A cloud of its own for each test: the plugin comes with mopenstack.
def test_sdk(cloud):
    assert cloud.connection().network.create_network(name="blue").status == "ACTIVE"`,
};

export function Connect() {
  const { cloud, about, projects, number } = usePlace();
  const [home, ...parts] = cloud.split(".");
  const region = parts.join(".") || about?.regions[0] || "RegionOne";
  const users = useData(path`/clouds/${cloud}/resources/user` + query({ limit: 200 }), number);
  const [user, setUser] = useState("demo");
  const [project, setProject] = useState("");
  const [password, setPassword] = useState("secret");
  const [kind, setKind] = useState("shell");
  const names = (users.data?.resources || []).map(one => one.name);
  const known = projects.map(one => one.name);
  const of = project || (known.includes(user) ? user : known[0] || user);
  const text = LINES[kind]({ url: authUrl(home), region, cloud: home === "default" ? "mopenstack" : home, user, project: of, password });
  return html`<${Head} title="Connect" about=${html`The auth URL of <strong>${cloud}</strong> is all that makes a client talk to it instead of to a real cloud.`} />
    <${Lines} text=${authUrl(home)} label="Auth URL" />
    <div class="row"><${Choice} label="User" value=${user} set=${setUser} options=${names.length ? names : [user]} />
      <${Choice} label="Project" value=${of} set=${setProject} options=${known.length ? known : [of]} />
      <${Text} label="Password" value=${password} set=${setPassword} hint="Every user of the usual seed has: secret" /></div>
    <${Problem} error=${users.error} />
    <${Tabs} label="Client" tabs=${KINDS} chosen=${kind} set=${setKind}><${Lines} text=${text} label=${KINDS.find(([key]) => key === kind)[1]} /><//>`;
}
