package forged

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Set holds the true shards of a payload and forged ones.
type Set struct {
	// DataCount and ParityCount, which is 0 where there is no code.
	DataCount, ParityCount int
	// ShardSize in bytes; a multiple of 64 where DataCount is 2 or more. Shorter candidates count as if zeros followed.
	ShardSize int
	// Positions in the codeword that have candidates, at least DataCount: data first, then parity.
	Positions []int
	// Candidates by position, at least one each, different ones. The first ones of all positions together are known to be wrong.
	Candidates map[int][][]byte
	// Random gives unpredictable bytes: a forger who knew them could hide what he changed.
	Random func(length int) []byte
	// Attempts are calls of IsWhole, at most; Effort is for all the rest, and less of it afterwards.
	Attempts int
	Effort   *Effort
	// IsWhole tells whether a choice of at least DataCount shards decodes to the payload that was announced. Expensive.
	IsWhole func(choice map[int][]byte) bool
}

// maxAlternatives: more than these are not looked at; the set is searched as if there were none.
const maxAlternatives = 4_096

// choice by position: the index of the candidate where that is not 0, or none where none of them is true.
type choice map[int]int

const none = -1

// Find reports whether IsWhole was true of a choice. With c checks, which is how many more positions are held than DataCount, it finds
//
//   - up to c / 2 positions without a true candidate, up to c - 1 if what was changed in them is not alike;
//   - any number of positions with true and forged candidates, up to 4,096 forged ones, as long as few choices satisfy all checks;
//   - c / 2 of the first beside any number of the second, or nearly c, if what was changed is not alike;
//   - and whatever the hash alone can find out within the budget, as where there are no checks.
//
// Time is linear in the bytes of all candidates and cubic in the number of checks and of forged candidates, as far as the effort goes: of
// more checks than it or 256 allows, the first ones are used.
func (s *Set) Find() bool {
	tried := map[string]bool{s.nameOf(nil): true}
	attempts := s.Attempts
	for taken := range s.choices() {
		name := s.nameOf(taken)
		if tried[name] {
			continue
		}
		if attempts == 0 {
			return false
		}
		attempts--
		tried[name] = true
		if s.IsWhole(s.shardsOf(taken)) {
			return true
		}
	}
	return false
}

// choices that may be true, what is cheapest to find first.
func (s *Set) choices() iter.Seq[choice] {
	return func(yield func(choice) bool) {
		random := drawFrom(s.Random(16))
		seen := s.Candidates
		if s.countAlternatives(seen) > maxAlternatives {
			seen = make(map[int][][]byte, len(s.Candidates))
			for position, shards := range s.Candidates {
				seen[position] = shards[:1]
			}
		}
		c := checksOf(s)
		columns := c.columnsFor(s.countAlternatives(seen))
		if !s.Effort.spend(len(c.positions) * c.rows * columns) {
			return
		}
		m := measure(c, seen, columns, random)
		if c.rows > 0 && !choicesChecked(c, seen, m, random, yield) {
			return
		}
		s.choicesUnchecked(c, m, random, yield)
	}
}

// choicesChecked are those that satisfy all checks.
func choicesChecked(c *checks, candidates map[int][][]byte, m measurement, random *draw, yield func(choice) bool) bool {
	lone, isFound := c.locate(m.syndromes)
	if isFound && !choicesWithout(lone, c, m, random, yield) {
		return false
	}
	if (!isFound || len(lone) > 0) && !choicesWithout(nil, c, m, random, yield) {
		return false
	}
	// Who forges everywhere leaves single candidates where a true one was lost; who forges little has few contested.
	var contested, single []int
	for _, position := range c.positions {
		if len(candidates[position]) > 1 {
			contested = append(contested, position)
		} else {
			single = append(single, position)
		}
	}
	for _, suspects := range [][]int{contested, single} {
		if len(contested) == 0 || len(suspects) == 0 || len(suspects) >= c.rows {
			continue
		}
		rest, syndromes := c.erase(m.syndromes, suspects)
		if rest == nil {
			continue
		}
		others, isFound := rest.locate(syndromes)
		if !isFound {
			others = nil
		}
		if !choicesWithout(slices.Concat(suspects, others), c, m, random, yield) {
			return false
		}
	}
	for _, isAlignmentPossible := range []bool{true, false} {
		others, isFound := c.locateBeside(m, isAlignmentPossible, random)
		if isFound && len(others) > 0 && !choicesWithout(others, c, m, random, yield) {
			return false
		}
	}
	return true
}

// choicesWithout are those that satisfy all checks if nothing is true at lost.
func choicesWithout(lost []int, c *checks, m measurement, random *draw, yield func(choice) bool) bool {
	rest, syndromes := c.erase(m.syndromes, lost)
	if rest == nil {
		return true
	}
	var others []alternative
	for _, other := range m.alternatives {
		if !slices.Contains(lost, other.position) {
			others = append(others, other)
		}
	}
	for taken := range rest.choicesOfAlternatives(syndromes, others, random) {
		made := make(choice, len(lost)+len(taken))
		for _, position := range lost {
			made[position] = none
		}
		for _, other := range taken {
			made[other.position] = other.index
		}
		if !yield(made) {
			return false
		}
	}
	return true
}

// choicesUnchecked is every choice of just DataCount positions, if there are at most Attempts of them: part of them is a poor chance.
func (s *Set) choicesUnchecked(c *checks, m measurement, random *draw, yield func(choice) bool) {
	ways, limit := 1.0, float64(s.Attempts)
	for index := 0; index < c.available && ways <= limit; index++ {
		ways = ways * float64(len(c.positions)-index) / float64(index+1)
	}
	for _, shards := range s.Candidates {
		ways *= float64(len(shards))
	}
	if ways > limit {
		return
	}
	subsets(c.positions, c.available, nil, func(lost []int) bool { return choicesWithout(lost, c, m, random, yield) })
}

func subsets(items []int, size int, before []int, yield func([]int) bool) bool {
	if size == 0 {
		return yield(before)
	}
	for index := 0; index+size <= len(items); index++ {
		if !subsets(items[index+1:], size-1, append(before[:len(before):len(before)], items[index]), yield) {
			return false
		}
	}
	return true
}

// nameOf is equal for choices that decode alike: where all data are chosen, parity does not count.
func (s *Set) nameOf(taken choice) string {
	hasAllData := true
	for position := 0; position < s.DataCount && hasAllData; position++ {
		index, isOther := taken[position]
		hasAllData = len(s.Candidates[position]) > 0 && !(isOther && index == none)
	}
	var positions []int
	for position := range taken {
		if !hasAllData || position < s.DataCount {
			positions = append(positions, position)
		}
	}
	slices.Sort(positions)
	var name strings.Builder
	for _, position := range positions {
		fmt.Fprintf(&name, "%d:%d,", position, taken[position])
	}
	return name.String()
}

func (s *Set) shardsOf(taken choice) map[int][]byte {
	shards := make(map[int][]byte, len(s.Candidates))
	for position, candidates := range s.Candidates {
		if index := taken[position]; index != none {
			shards[position] = candidates[index]
		}
	}
	return shards
}

func (s *Set) countAlternatives(candidates map[int][][]byte) int {
	count := 0
	for _, shards := range candidates {
		count += len(shards) - 1
	}
	return count
}
