package segmentation

import (
	"bytes"
	"slices"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/forged"
	"github.com/at-chat/chat/bindings/go/segmentation/internal/leopard"
	"golang.org/x/crypto/sha3"
)

// What things cost, as @chat/segmentation counts it, so that both give up the same sets: a waiting segment besides its chunk, a set
// besides its segments, a letter of a sender's name.
const (
	segmentCost = 560
	setCost     = 1_024
	nameCost    = 4
)

const (
	// maxCandidates are the different chunks that are kept for one index.
	maxCandidates = 4
	// From a quarter of the payload on it is assembled in place: reserving it earlier would cost an attacker little.
	inPlaceShare    = 4
	inPlaceMinBytes = 1 << 20
)

// What a search for forged segments may cost: see @chat/segmentation, docs/decisions/0008.
const (
	stepsPerByte       = 128
	maxSearchSteps     = 1 << 32
	maxAttempts        = 64
	stepsPerHashedByte = 4
	stepsPerAttempt    = 1 << 15
)

// partialSet has the segments of one payload that have arrived. Nothing about a segment is authenticated, so an index may be given
// several chunks; the hash of the payload tells in the end which of them were true.
type partialSet struct {
	id, key, sender        string
	hash                   [hashBytes]byte
	payloadLength          int64
	dataCount, parityCount int
	shardSize              int
	maySettleInPlace       bool
	// candidates by position, data from 0, then parity; first come, first. positions are in the order in which they came.
	candidates map[int][][]byte
	positions  []int
	startedAt  int64
	updatedAt  int64
	// positionsWith so many candidates, or more.
	positionsWith  [maxCandidates + 1]int
	candidateCount int
	dataBytes      int64
	// payload to be, once it is assembled in place: held data are parts of it.
	payload []byte
	cost    int64
	// extraRoom is what the set may cost beyond what it would if nobody forged.
	extraRoom int64
	// attemptAt so many candidates make the next attempt worth its time.
	attemptAt   int
	searchSteps int64
	isForged    bool
}

// maxCostOf is what the set of a segment costs at most, without alternatives.
func maxCostOf(s *segment, sender string) int64 {
	size := int64(s.chunkSize)
	if s.dataCount == 1 {
		size = s.payloadLength
	}
	return setCost + nameCost*int64(letters(sender)) + int64(s.dataCount)*(size+segmentCost)
}

func newPartialSet(s *segment, id, key, sender string, nowMs, maxCost int64) *partialSet {
	set := &partialSet{
		id: id, key: key, sender: sender, hash: s.payloadHash, payloadLength: s.payloadLength,
		dataCount: s.dataCount, parityCount: s.parityCount, shardSize: s.chunkSize,
		candidates: map[int][][]byte{}, startedAt: nowMs, updatedAt: nowMs, attemptAt: s.dataCount,
	}
	if s.dataCount == 1 {
		set.shardSize = int(s.payloadLength)
	}
	set.cost = setCost + nameCost*int64(letters(sender))
	costInPlace := set.cost + s.payloadLength + int64(s.parityCount)*int64(set.shardSize) + int64(set.total())*segmentCost
	set.maySettleInPlace = s.payloadLength >= inPlaceMinBytes && s.dataCount > 1 && costInPlace <= maxCost
	if set.maySettleInPlace {
		set.extraRoom = maxCost - costInPlace
	} else {
		set.extraRoom = maxCost - maxCostOf(s, sender)
	}
	return set
}

func (p *partialSet) total() int  { return p.dataCount + p.parityCount }
func (p *partialSet) held() int   { return len(p.candidates) }
func (p *partialSet) needed() int { return max(1, p.dataCount-p.held()) }

// isReady tells whether solve is worth its time.
func (p *partialSet) isReady() bool {
	return p.held() >= p.dataCount && p.candidateCount >= p.attemptAt
}

type outcome int

const (
	keptFirst outcome = iota
	keptAlternative
	wasDuplicate
	wasMismatch
)

// add keeps a copy of the chunk of a segment of this set. room is for what is not needed if nobody forges: alternatives, and more
// segments than the data.
func (p *partialSet) add(s *segment, nowMs, room int64) outcome {
	position := s.index
	if s.isParity {
		position += p.dataCount
	}
	chunk := s.chunk[:min(len(s.chunk), p.lengthAt(position))]
	known := p.candidates[position]
	for _, candidate := range known {
		if bytes.Equal(candidate, chunk) {
			return wasDuplicate
		}
	}
	cost := int64(len(chunk)) + segmentCost
	if known != nil || p.held() >= p.dataCount {
		if len(known) == maxCandidates || cost > min(room, p.extraRoom) {
			return wasMismatch
		}
		p.extraRoom -= cost
	}
	p.cost += segmentCost
	p.candidateCount++
	p.searchSteps += stepsPerByte * cost
	if known != nil {
		p.candidates[position] = append(known, p.keepCopy(chunk))
		p.noticeRound(len(known) + 1)
		// No sign of life: it would let a forger keep the set for ever.
		return keptAlternative
	}
	p.candidates[position] = [][]byte{p.keepFirst(position, chunk)}
	p.positions = append(p.positions, position)
	p.updatedAt = nowMs
	p.noticeRound(1)
	return keptFirst
}

// noticeRound: the set may have been sent once more, and now be whole again: worth an attempt, since no other may follow.
func (p *partialSet) noticeRound(candidates int) {
	p.positionsWith[candidates]++
	if p.positionsWith[candidates] == p.total() {
		p.attemptAt = p.candidateCount
	}
}

func (p *partialSet) lengthAt(position int) int {
	if position != p.dataCount-1 {
		return p.shardSize
	}
	return int(p.payloadLength - int64(p.dataCount-1)*int64(p.shardSize))
}

func (p *partialSet) keepFirst(position int, chunk []byte) []byte {
	if position >= p.dataCount {
		return p.keepCopy(chunk)
	}
	p.dataBytes += int64(len(chunk))
	if p.payload == nil && p.maySettleInPlace && inPlaceShare*p.dataBytes >= p.payloadLength {
		p.settleInPlace()
	}
	if p.payload == nil {
		return p.keepCopy(chunk)
	}
	place := p.placeIn(p.payload, position)
	copy(place, chunk)
	return place
}

func (p *partialSet) keepCopy(chunk []byte) []byte {
	p.cost += int64(len(chunk))
	return append(make([]byte, 0, len(chunk)), chunk...)
}

// settleInPlace: from here on the payload is held once, not first in pieces and then whole.
func (p *partialSet) settleInPlace() {
	p.payload = make([]byte, p.payloadLength)
	p.cost += p.payloadLength
	for position, chunks := range p.candidates {
		if position >= p.dataCount {
			continue
		}
		p.cost -= int64(len(chunks[0]))
		place := p.placeIn(p.payload, position)
		copy(place, chunks[0])
		chunks[0] = place
	}
}

func (p *partialSet) placeIn(payload []byte, position int) []byte {
	start := position * p.shardSize
	end := start + p.lengthAt(position)
	return payload[start:end:end]
}

// solve gives the payload if its hash is right, with the number of indexes that were given forged chunks. Otherwise segments are
// forged that cannot be told from the true ones yet; more segments may help.
func (p *partialSet) solve(random func(int) []byte) (payload []byte, forgedCount int, isWhole bool) {
	first := make(map[int][]byte, len(p.candidates))
	for position, chunks := range p.candidates {
		first[position] = chunks[0]
	}
	chunks := p.wholeFrom(first)
	if chunks == nil {
		p.isForged = true
		chunks = p.search(random)
	}
	if chunks == nil {
		return nil, 0, false
	}
	if p.isForged {
		forgedCount = p.countForged(chunks)
	}
	return p.join(chunks), forgedCount, true
}

func (p *partialSet) search(random func(int) []byte) (chunks [][]byte) {
	// A forger could have us search at every segment. What is there besides the data must grow by a quarter each time.
	p.attemptAt = p.candidateCount + max(1, (p.candidateCount-p.dataCount)/4)
	steps := min(p.searchSteps, maxSearchSteps)
	perAttempt := int64(stepsPerAttempt) + stepsPerHashedByte*p.payloadLength
	attempts := min(maxAttempts, steps/2/perAttempt)
	effort := forged.NewEffort(steps - attempts*perAttempt)
	p.searchSteps -= effort.Steps()
	set := forged.Set{
		DataCount: p.dataCount,
		// Chunks of other sizes can only be of a set that holds no parity.
		ShardSize: (p.shardSize + alignment - 1) / alignment * alignment,
		Positions: p.positions, Candidates: p.candidates, Random: random,
		Attempts: int(attempts), Effort: effort,
		IsWhole: func(choice map[int][]byte) bool {
			p.searchSteps -= perAttempt
			chunks = p.wholeFrom(choice)
			return chunks != nil
		},
	}
	if codeExists(p.dataCount, p.parityCount) {
		set.ParityCount = p.parityCount
	}
	set.Find()
	p.searchSteps += effort.Steps()
	return chunks
}

// wholeFrom gives the data chunks that a choice leads to, if they are the payload that was announced.
func (p *partialSet) wholeFrom(choice map[int][]byte) [][]byte {
	data := make([][]byte, p.dataCount)
	lost := 0
	for position := range data {
		if data[position] = choice[position]; data[position] == nil {
			lost++
		}
	}
	if lost > 0 {
		parity := make([][]byte, p.parityCount)
		for index := range parity {
			parity[index] = choice[p.dataCount+index]
		}
		if leopard.RecoverData(data, parity, p.shardSize) != nil {
			return nil
		}
	}
	hash := sha3.NewLegacyKeccak256()
	for position, chunk := range data {
		data[position] = chunk[:p.lengthAt(position)]
		hash.Write(data[position])
	}
	if !bytes.Equal(hash.Sum(nil), p.hash[:]) {
		return nil
	}
	return data
}

func (p *partialSet) join(chunks [][]byte) []byte {
	payload := p.payload
	if payload == nil {
		payload = make([]byte, p.payloadLength)
	}
	for position, chunk := range chunks {
		place := p.placeIn(payload, position)
		if len(place) > 0 && &place[0] != &chunk[0] {
			copy(place, chunk)
		}
	}
	return payload
}

// countForged counts parity only where it was given several chunks.
func (p *partialSet) countForged(chunks [][]byte) int {
	count := 0
	for position, candidates := range p.candidates {
		isTrue := len(candidates) == 1 && (position >= p.dataCount || bytes.Equal(candidates[0], chunks[position]))
		if !isTrue {
			count++
		}
	}
	return count
}

// setBackClock: a clock that went back must not keep the set for longer than the timeout from now.
func (p *partialSet) setBackClock(nowMs int64) {
	p.updatedAt = min(p.updatedAt, nowMs)
	p.startedAt = min(p.startedAt, nowMs)
}

func (p *partialSet) report(reason string, nowMs int64) IncompleteReport {
	positions := slices.Sorted(slices.Values(p.positions))
	return IncompleteReport{
		SetID: p.id, Sender: p.sender, Reason: reason, PayloadLength: p.payloadLength,
		Held: p.held(), Needed: p.needed(), Total: p.total(),
		Missing: holes(positions, 0, p.dataCount), MissingParity: holes(positions, p.dataCount, p.total()),
		Forged: p.isForged, AgeMs: max(0, nowMs-p.startedAt),
	}
}

// holes are what is missing of positions between start and end, counted from start.
func holes(positions []int, start, end int) []IndexRange {
	ranges := []IndexRange{}
	first := start
	note := func(position int) {
		if position > first && len(ranges) < maxReportedRanges {
			ranges = append(ranges, IndexRange{First: first - start, Last: position - 1 - start})
		}
		first = position + 1
	}
	for _, position := range positions {
		if position >= start && position < end {
			note(position)
		}
	}
	note(end)
	return ranges
}
