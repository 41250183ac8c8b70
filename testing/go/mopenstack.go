// Package mopenstack runs a mock OpenStack cloud in a container, for tests written in Go.
//
//	container, err := mopenstack.Run(ctx, "mopenstack:latest", mopenstack.WithUp("--like", "scs"))
//	defer testcontainers.TerminateContainer(container)
//	cloud, err := container.NewCloud(ctx, "test")
//	options := gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL, ...}
package mopenstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const (
	httpPort     = "8800/tcp"
	grpcPort     = "8801/tcp"
	tokenEnv     = "MOPENSTACK_ADMIN_TOKEN"
	ready        = "/_mopenstack/ready"
	startMax     = time.Minute
	callMax      = 30 * time.Second
	answerMax    = 64 << 20
	seedPassword = "secret"
)

var version = regexp.MustCompile(`v([0-9.])`)

// Container is a running mopenstack. It serves the default cloud and those that NewCloud makes.
type Container struct {
	*testcontainers.DockerContainer

	// AdminToken is what callers of the admin API show.
	AdminToken string
	url        string
	grpc       string
}

// Cloud is an isolated cloud of a Container.
type Cloud struct {
	Name string
	// AuthURL is Keystone's address: all that a client needs to know.
	AuthURL   string
	container *Container
}

// Refused is what mopenstack's admin API answers to a call that cannot be done.
type Refused struct {
	Status int
	Text   string
}

func (r *Refused) Error() string { return fmt.Sprintf("%d: %s", r.Status, r.Text) }

// WithUp adds arguments of `mopenstack up`: WithUp("--profile", "realistic").
func WithUp(arguments ...string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithCmdArgs(arguments...)
}

// WithAdminToken sets the token of the admin API, of 16 characters at least. Without it Run makes one.
func WithAdminToken(token string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{tokenEnv: token})
}

// Run starts a container of the image and waits until its cloud answers. As with every module of testcontainers, the
// container is to be terminated even where Run fails.
func Run(ctx context.Context, image string, options ...testcontainers.ContainerCustomizer) (*Container, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("admin token: %w", err)
	}
	var token string
	command := []string{"up", "--host", "0.0.0.0", "--port", "8800", "--grpc-port", "8801"}
	for _, host := range engineHosts() {
		command = append(command, "--admin-host", host)
	}
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(httpPort, grpcPort),
		testcontainers.WithCmd(command...),
		WithAdminToken(hex.EncodeToString(secret)),
		testcontainers.WithWaitStrategyAndDeadline(startMax, wait.ForHTTP(ready).WithPort(httpPort)),
	}
	all = append(all, options...)
	all = append(all, testcontainers.CustomizeRequestOption(func(request *testcontainers.GenericContainerRequest) error {
		token = request.Env[tokenEnv]
		return nil
	}))
	started, err := testcontainers.Run(ctx, image, all...)
	var container *Container
	if started != nil {
		container = &Container{DockerContainer: started, AdminToken: token}
	}
	if err != nil {
		return container, fmt.Errorf("run mopenstack: %w", err)
	}
	if container.url, err = started.PortEndpoint(ctx, httpPort, "http"); err != nil {
		return container, fmt.Errorf("address of mopenstack: %w", err)
	}
	if container.grpc, err = started.PortEndpoint(ctx, grpcPort, ""); err != nil {
		return container, fmt.Errorf("address of gRPC: %w", err)
	}
	return container, nil
}

// engineHosts are the names by which an engine on another machine is reached: the admin API answers to addresses, to
// localhost and to names that it was told.
func engineHosts() []string {
	var names []string
	if engine, err := url.Parse(os.Getenv("DOCKER_HOST")); err == nil {
		names = append(names, engine.Hostname())
	}
	names = append(names, os.Getenv("TESTCONTAINERS_HOST_OVERRIDE"))
	return slices.DeleteFunc(names, func(name string) bool {
		return name == "" || name == "localhost" || net.ParseIP(name) != nil
	})
}

// URL is where the container is reached, "http://host:port".
func (c *Container) URL() string { return c.url }

// GRPC is the address for gRPC clients, "host:port".
func (c *Container) GRPC() string { return c.grpc }

// Default is the cloud that is always there.
func (c *Container) Default() *Cloud {
	return &Cloud{Name: "default", AuthURL: c.url + "/identity/v3", container: c}
}

// Option is a choice of a new cloud.
type Option func(map[string]any)

// WithProfile says how long transitions take: "instant", "realistic" or "manual".
func WithProfile(profile string) Option {
	return func(asked map[string]any) { asked["profile"] = profile }
}

// WithSeed makes the ids of the cloud's resources the same in every run.
func WithSeed(seed int) Option {
	return func(asked map[string]any) { asked["seed"] = seed }
}

// WithOptions are those of `mopenstack cloud options`: {"compute.hosts": "2"}.
func WithOptions(options map[string]string) Option {
	return func(asked map[string]any) { asked["options"] = options }
}

// NewCloud makes a fresh cloud, which takes milliseconds.
func (c *Container) NewCloud(ctx context.Context, name string, options ...Option) (*Cloud, error) {
	asked := map[string]any{"name": name}
	for _, option := range options {
		option(asked)
	}
	if err := c.Ask(ctx, http.MethodPost, "/clouds", asked, nil); err != nil {
		return nil, fmt.Errorf("cloud %s: %w", name, err)
	}
	// A version in a path is what clients look for: in a name it is written apart.
	auth := c.url + "/cloud/" + version.ReplaceAllString(name, "v~$1") + "/identity/v3"
	return &Cloud{Name: name, AuthURL: auth, container: c}, nil
}

// Ask calls the admin API below /_mopenstack. The answer's JSON is read into answer, where that is not nil; an answer
// that is no success is a *Refused.
func (c *Container) Ask(ctx context.Context, verb, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, verb, c.url+"/_mopenstack"+path, sent)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.AdminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return &Refused{Status: response.StatusCode, Text: strings.TrimSpace(string(data))}
	}
	if answer == nil || len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, answer)
}

// Env is OS_AUTH_URL and the rest for a user of the seed who has a project of the same name: demo, admin, alt_demo.
func (c *Cloud) Env(user string) map[string]string {
	return map[string]string{
		"OS_AUTH_URL":             c.AuthURL,
		"OS_IDENTITY_API_VERSION": "3",
		"OS_USERNAME":             user,
		"OS_PASSWORD":             seedPassword,
		"OS_USER_DOMAIN_ID":       "default",
		"OS_PROJECT_NAME":         user,
		"OS_PROJECT_DOMAIN_ID":    "default",
		"OS_REGION_NAME":          "RegionOne",
	}
}

// Ask calls the admin API about this cloud: Ask(ctx, "POST", "/complete", nil, nil).
func (c *Cloud) Ask(ctx context.Context, verb, path string, body, answer any) error {
	return c.container.Ask(ctx, verb, "/clouds/"+url.PathEscape(c.Name)+path, body, answer)
}

// Delete ends the cloud. One that is gone already is no error.
func (c *Cloud) Delete(ctx context.Context) error {
	err := c.Ask(ctx, http.MethodDelete, "", nil, nil)
	var refused *Refused
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil
	}
	return err
}
