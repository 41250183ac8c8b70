module gophercloud-acceptance

go 1.25.0

require (
	github.com/gophercloud/gophercloud/v2 v2.16.0 // indirect
	golang.org/x/crypto v0.55.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
)
