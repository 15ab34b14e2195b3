module github.com/at-chat/chat/bindings/go/segmentation

go 1.24.0

require (
	github.com/klauspost/reedsolomon v1.13.0
	golang.org/x/crypto v0.45.0
	google.golang.org/protobuf v1.36.10
)

require (
	github.com/klauspost/cpuid/v2 v2.3.0 // indirect
	golang.org/x/sys v0.38.0 // indirect
)
