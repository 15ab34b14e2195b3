package forged

// alternative is a candidate besides the first one of its position.
type alternative struct {
	position int
	// index among the candidates, 1 or more.
	index int
	// change is a sketch of what taking it instead of the first one changes.
	change []uint16
}

// measurement is what the candidates of a set say about each other, seen through sketches: syndromes of the first candidates
// together, one row for each check, and alternatives, of which those of one position follow each other.
type measurement struct {
	syndromes    [][]uint16
	alternatives []alternative
}

func measure(c *checks, candidates map[int][][]byte, columns int, random *draw) measurement {
	var m measurement
	var s *sketcher
	if c.rows > 0 { // what satisfies no check need not be seen
		s = newSketcher(c, columns, random)
		for range c.rows {
			m.syndromes = append(m.syndromes, make([]uint16, s.columns))
		}
	}
	for _, position := range c.positions {
		shards := candidates[position]
		var first []uint16
		if s != nil {
			first = s.sketch(shards[0])
			factor := c.weights[position]
			for _, syndrome := range m.syndromes {
				addMultiple(c.field, syndrome, first, factor, 0)
				factor = c.field.Multiply(factor, c.places[position])
			}
		}
		for index := 1; index < len(shards); index++ {
			other := alternative{position: position, index: index}
			if s != nil {
				other.change = s.sketch(shards[index])
				addMultiple(c.field, other.change, first, 1, 0)
			}
			m.alternatives = append(m.alternatives, other)
		}
	}
	return m
}
