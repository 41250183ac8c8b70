module mopenstack.dev/go

go 1.24
