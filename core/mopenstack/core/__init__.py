"""The core: resource state and lifecycle rules behind gRPC. It knows no HTTP."""
