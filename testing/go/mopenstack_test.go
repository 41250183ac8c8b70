package mopenstack_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"

	mopenstack "mopenstack.dev/testcontainers"
)

// login gives the status of a password login with what Env says.
func login(t *testing.T, env map[string]string) int {
	t.Helper()
	domain := map[string]string{"id": env["OS_USER_DOMAIN_ID"]}
	user := map[string]any{"name": env["OS_USERNAME"], "password": env["OS_PASSWORD"], "domain": domain}
	project := map[string]any{"name": env["OS_PROJECT_NAME"], "domain": domain}
	identity := map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}}
	scope := map[string]any{"project": project}
	body, err := json.Marshal(map[string]any{"auth": map[string]any{"identity": identity, "scope": scope}})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(env["OS_AUTH_URL"]+"/auth/tokens", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestContainer(t *testing.T) {
	image := os.Getenv("MOPENSTACK_IMAGE")
	if image == "" {
		image = "mopenstack:latest"
	}
	ctx := context.Background()
	container, err := mopenstack.Run(ctx, image,
		mopenstack.WithUp("--services", "network"), mopenstack.WithAdminToken("a-token-of-a-test"))
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		t.Fatal(err)
	}
	if container.AdminToken != "a-token-of-a-test" {
		t.Errorf("the token is %q", container.AdminToken)
	}
	if !strings.HasPrefix(container.URL(), "http://") || !strings.Contains(container.GRPC(), ":") {
		t.Errorf("at %q and %q", container.URL(), container.GRPC())
	}
	cloud, err := container.NewCloud(ctx, "v1-one", mopenstack.WithProfile("manual"), mopenstack.WithSeed(7),
		mopenstack.WithOptions(map[string]string{"network.dhcp_port": "dhcp"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*mopenstack.Cloud{cloud, container.Default()} {
		if status := login(t, one.Env("demo")); status != http.StatusCreated {
			t.Errorf("demo logs into %s with %d", one.Name, status)
		}
	}
	var listed struct {
		Clouds []struct{ Name, Profile string }
	}
	if err := container.Ask(ctx, http.MethodGet, "/clouds", nil, &listed); err != nil {
		t.Error(err)
	}
	profiles := map[string]string{}
	for _, one := range listed.Clouds {
		profiles[one.Name] = one.Profile
	}
	if profiles["v1-one"] != "manual" {
		t.Errorf("the clouds are %v", profiles)
	}
	var refused *mopenstack.Refused
	if _, err := container.NewCloud(ctx, "v1-one"); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a second cloud of the name: %v", err)
	}
	if err := cloud.Delete(ctx); err != nil {
		t.Error(err)
	}
	if err := cloud.Delete(ctx); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestStranger(t *testing.T) {
	ctx := context.Background()
	container, err := mopenstack.Run(ctx, "mopenstack:latest", mopenstack.WithUp("--services", "network"))
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		t.Fatal(err)
	}
	if len(container.AdminToken) < 32 {
		t.Errorf("a token of %d characters was made", len(container.AdminToken))
	}
	stranger := *container
	stranger.AdminToken = "somebody-else-is-this"
	var refused *mopenstack.Refused
	if err := stranger.Ask(ctx, http.MethodGet, "/status", nil, nil); !errors.As(err, &refused) ||
		refused.Status != http.StatusUnauthorized {
		t.Errorf("a stranger is told %v", err)
	}
}
