// alloc allocates: a search tree of small nodes, lists, strings, slices of slices
// that grow, maps of slices, and pages. A fault proof VM runs Go without its collector,
// so all of it stays: at the end it has touched about 75 MiB.
package main

import (
	"strconv"
	"strings"

	"fpvm/guests/internal/out"
	"fpvm/guests/internal/random"
)

func main() {
	random := random.Source(1)
	out.Number("tree", tree(&random))
	out.Number("list", list())
	out.Number("text", text())
	out.Number("table", table(&random))
	out.Number("index", index(&random))
	out.Number("pages", pages())
}

// node is one of a treap: a search tree by key, a heap by weight.
type node struct {
	key, weight uint32
	left, right *node
}

func tree(random *random.Source) uint64 {
	var root *node
	for range 20_000 {
		root = insert(root, &node{key: random.Next(), weight: random.Next()})
	}
	return root.sum(1)
}

func insert(root, n *node) *node {
	switch {
	case root == nil:
		return n
	case n.key < root.key:
		root.left = insert(root.left, n)
		if root.left.weight > root.weight {
			up := root.left
			root.left, up.right = up.right, root
			return up
		}
	default:
		root.right = insert(root.right, n)
		if root.right.weight > root.weight {
			up := root.right
			root.right, up.left = up.left, root
			return up
		}
	}
	return root
}

func (n *node) sum(depth uint64) uint64 {
	if n == nil {
		return 0
	}
	return n.left.sum(depth+1) + uint64(n.key)*depth + n.right.sum(depth+1)
}

func list() uint64 {
	type link struct {
		value uint64
		next  *link
	}
	var head *link
	for i := range uint64(120_000) {
		head = &link{i * i, head}
	}
	var sum uint64
	for at := head; at != nil; at = at.next {
		sum = sum*3 + at.value
	}
	return sum
}

func text() uint64 {
	var lines []string
	for i := range 10_000 {
		lines = append(lines, "account "+strconv.Itoa(i)+" holds "+strconv.Itoa(i*i%9973))
	}
	whole := strings.Join(lines, "\n")
	var sum uint64
	for _, field := range strings.Fields(whole) {
		sum = sum*31 + uint64(len(field)) + uint64(field[0])
	}
	return sum
}

func table(random *random.Source) uint64 {
	rows := make([][]uint32, 500)
	for range 200_000 {
		row := random.Below(uint32(len(rows)))
		rows[row] = append(rows[row], random.Next())
	}
	var sum uint64
	for _, row := range rows {
		sum = sum*31 + uint64(row[len(row)/2])
	}
	return sum
}

func index(random *random.Source) uint64 {
	places := map[string][]int{}
	for i := range 30_000 {
		name := strconv.FormatUint(uint64(random.Below(10_000)), 36)
		places[name] = append(places[name], i)
	}
	var sum uint64
	for name, at := range places {
		sum += uint64(len(name)) * uint64(at[len(at)-1])
	}
	return sum
}

// pages keeps many copies of a page of 4096 bytes, each with one number changed.
func pages() uint64 {
	page := make([]uint64, 512)
	var kept [][]uint64
	for i := range 16_000 {
		page[i%len(page)] += uint64(i)
		kept = append(kept, append([]uint64(nil), page...))
	}
	var sum uint64
	for i, p := range kept {
		sum = sum*31 + p[i%len(p)] + p[0]
	}
	return sum
}
