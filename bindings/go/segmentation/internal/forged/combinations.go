package forged

import (
	"iter"
	"math/bits"
	"sort"
)

// maxCombinations of flips are looked at in one group; no budget for the hash reaches further.
const maxCombinations = 1_024

// consistentChoices goes through the solutions in which no position has two alternatives at once: first what is nearest to none in
// every group. Flips that share no position do not concern each other. They are sorted out group by group, because a forger can make
// many small groups at little cost, which together have too many combinations to look at.
func consistentChoices(positions []int, solution binarySolution) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var fixed []int
		var open [][][]int
		for _, group := range groupsOf(positions, solution.flips) {
			options := optionsOf(positions, solution.particular, group)
			switch len(options) {
			case 0:
				return
			case 1:
				fixed = append(fixed, options[0]...)
			default:
				open = append(open, options)
			}
		}
		for deviations := 0; deviations <= len(open); deviations++ {
			for picked := range pick(open, deviations) {
				if !yield(append(append([]int{}, fixed...), picked...)) {
					return
				}
			}
		}
	}
}

type group struct {
	unknowns []int
	flips    [][]int
}

// groupsOf: unknowns of one position are in one group, and so are those that one flip joins.
func groupsOf(positions []int, flips [][]int) []*group {
	parents := map[int]int{}
	rootOf := func(position int) int {
		root := position
		for {
			parent, ok := parents[root]
			if !ok {
				break
			}
			root = parent
		}
		if root != position {
			parents[position] = root
		}
		return root
	}
	for _, flip := range flips {
		for _, other := range flip[1:] {
			if root, joined := rootOf(positions[other]), rootOf(positions[flip[0]]); root != joined {
				parents[root] = joined
			}
		}
	}
	byRoot := map[int]*group{}
	var groups []*group
	for unknown, position := range positions {
		root := rootOf(position)
		if byRoot[root] == nil {
			byRoot[root] = &group{}
			groups = append(groups, byRoot[root])
		}
		byRoot[root].unknowns = append(byRoot[root].unknowns, unknown)
	}
	for _, flip := range flips {
		one := byRoot[rootOf(positions[flip[0]])]
		one.flips = append(one.flips, flip)
	}
	return groups
}

// optionsOf are the unknowns set in each solution for one group, fewest first.
func optionsOf(positions []int, particular []uint8, g *group) [][]int {
	var options [][]int
	set := append([]uint8{}, particular...)
	combinations := maxCombinations
	if len(g.flips) < 10 {
		combinations = 1 << len(g.flips)
	}
	for combination := 1; ; combination++ {
		option, last, isConsistent := []int{}, -1, true
		for _, unknown := range g.unknowns { // those of one position follow each other
			if set[unknown] == 1 {
				isConsistent = isConsistent && positions[unknown] != last
				last = positions[unknown]
				option = append(option, unknown)
			}
		}
		if isConsistent {
			options = append(options, option)
		}
		if combination == combinations {
			break
		}
		// In the order of a Gray code, the next combination differs by one flip.
		for _, unknown := range g.flips[bits.TrailingZeros(uint(combination))] {
			set[unknown] ^= 1
		}
	}
	sort.SliceStable(options, func(a, b int) bool { return len(options[a]) < len(options[b]) })
	return options
}

// pick all ways to take another option than the first in just `deviations` of the groups.
func pick(groups [][][]int, deviations int) iter.Seq[[]int] {
	return func(yield func([]int) bool) { pickFrom(groups, deviations, nil, yield) }
}

func pickFrom(groups [][][]int, deviations int, before []int, yield func([]int) bool) bool {
	if deviations == 0 {
		for _, options := range groups {
			before = append(before[:len(before):len(before)], options[0]...)
		}
		return yield(before)
	}
	for index := 0; index+deviations <= len(groups); index++ {
		for _, option := range groups[index][1:] {
			taken := append(before[:len(before):len(before)], option...)
			if !pickFrom(groups[index+1:], deviations-1, taken, yield) {
				return false
			}
		}
		before = append(before[:len(before):len(before)], groups[index][0]...)
	}
	return true
}
