package chat_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program of the README is examples/hello, has at most 25 lines, and does what it says.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join("examples", "hello", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(readme), "```go\n")
	block, _, _ = strings.Cut(block, "```\n")
	if block != string(program) {
		t.Error("want the program of the README to be examples/hello/main.go, got another")
	}
	lines := 0
	for _, line := range strings.Split(block, "\n") {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 25 {
		t.Errorf("want 25 lines at most, got %d", lines)
	}
	needDaemon(t)
	directory := folder(t)
	binary := filepath.Join(directory, "hello")
	if output, err := exec.Command("go", "build", "-o", binary, "./examples/hello").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	// chatd as the npm package installs it.
	if err := os.MkdirAll(filepath.Join(directory, "node_modules", ".bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(chatd, filepath.Join(directory, "node_modules", ".bin", "chatd")); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(testContext(t), binary, peers...)
	command.Dir = directory
	output, err := command.CombinedOutput()
	if want := "raya reads: hello – saro sees delivered: true\n"; err != nil || string(output) != want {
		t.Fatalf("want %q, got %q, %v", want, output, err)
	}
}
