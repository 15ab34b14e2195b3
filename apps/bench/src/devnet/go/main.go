// The peer of the area `devnet`, and the load on both sides: a go-waku service node, light peers that push and subscribe,
// and store queries. Go, so that the load costs as little as it can of the cores that the node under load needs.
//
// Each command prints one line of JSON on standard output. It ends with its input, so that nothing outlives the bench.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	logging "github.com/ipfs/go-log/v2"
	"github.com/waku-org/go-waku/waku/v2/utils"
)

func main() {
	log.SetFlags(0)
	// Standard output is for the answers: go-waku's own logger would write there, and makes itself when it is first asked.
	utils.Logger()
	logging.SetupLogging(logging.Config{Level: logging.LevelFatal, Stderr: true})
	if len(os.Args) < 2 {
		log.Fatal("command: want node, load or query, got none")
	}
	commands := map[string]func(context.Context, []string) error{"node": serve, "load": load, "query": query}
	command, known := commands[os.Args[1]]
	if !known {
		log.Fatalf("command: want node, load or query, got %s", os.Args[1])
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := command(ctx, os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func tell(line any) error {
	bytes, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(bytes))
	return err
}
