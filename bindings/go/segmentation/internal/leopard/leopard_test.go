package leopard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

type leopardVector struct {
	K, M, Bytes int
	Path        string
	Sha256      string
	Parity      []string
}

func leopardVectors(t testing.TB) []leopardVector {
	t.Helper()
	text, err := os.ReadFile("../../../../../vectors/leopard.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors, Digests []leopardVector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return append(file.Vectors, file.Digests...)
}

func leopardData(k, bytes int) [][]byte {
	data := make([][]byte, k)
	for j := range data {
		data[j] = make([]byte, bytes)
		for i := range data[j] {
			data[j][i] = byte(i*37 + j*101 + 11)
		}
	}
	return data
}

func TestLeopardVectors(t *testing.T) {
	paths := map[string]int{}
	for _, vector := range leopardVectors(t) {
		t.Run(fmt.Sprintf("%d+%d of %d %s", vector.K, vector.M, vector.Bytes, vector.Path), func(t *testing.T) {
			data := leopardData(vector.K, vector.Bytes)
			parity := make([][]byte, vector.M)
			for index := range parity {
				parity[index] = make([]byte, vector.Bytes)
			}
			if err := Encode(data, parity, vector.Bytes); err != nil {
				t.Fatal(err)
			}
			hash := sha256.New()
			for index, shard := range parity {
				hash.Write(shard)
				if index < len(vector.Parity) && hex.EncodeToString(shard) != vector.Parity[index] {
					t.Fatalf("parity shard %d differs", index)
				}
			}
			if got := hex.EncodeToString(hash.Sum(nil)); got != vector.Sha256 {
				t.Fatalf("want %s, got %s", vector.Sha256, got)
			}
			// As many data shards are lost as there is parity, or fewer with less parity.
			random := rand.New(rand.NewPCG(1, uint64(vector.K)))
			lost := 1 + random.IntN(vector.M)
			damaged := append([][]byte{}, data...)
			for _, index := range random.Perm(vector.K)[:lost] {
				damaged[index] = nil
			}
			left := append([][]byte{}, parity...)
			for _, index := range random.Perm(vector.M)[:vector.M-lost] {
				left[index] = nil
			}
			if err := RecoverData(damaged, left, vector.Bytes); err != nil {
				t.Fatal(err)
			}
			for index, shard := range damaged {
				if string(shard) != string(data[index]) {
					t.Fatalf("data shard %d was not recovered", index)
				}
			}
		})
		paths[vector.Path]++
	}
	for _, path := range []string{"copy", "xor", "ff8", "ff16"} {
		if paths[path] == 0 {
			t.Errorf("want vectors of %s, got none", path)
		}
	}
}
