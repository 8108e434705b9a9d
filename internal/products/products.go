// Package products counts what the matrix products of a graph multiply, and so what a graph function costs, without running it.
package products

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
)

// Count is the number of multiplications in the matrix products that outputs are computed from. It counts as compilers work:
// what the outputs do not depend on is left out, what occurs twice counts once, and what is in a loop as often as that runs,
// which has to be a constant. Element-wise products are not counted.
func Count(outputs ...*graph.Node) (int, error) {
	c := counter{names: map[*graph.Node]string{}, known: map[string]string{}}
	err := c.visit(outputs...)
	return c.sum, err
}

type counter struct {
	sum   int
	names map[*graph.Node]string // that nodes have in common if and only if they compute the same
	known map[string]string      // the names of computations
}

// visit counts what has not been counted before.
func (c *counter) visit(nodes ...*graph.Node) error {
	for _, node := range nodes {
		if _, seen := c.names[node]; seen {
			continue
		}
		if node.Type() == graph.NodeTypeIdentity { // it computes nothing
			same, err := identical(node)
			if err != nil {
				return err
			}
			if err := c.visit(same); err != nil {
				return err
			}
			c.names[node] = c.names[same]
			continue
		}
		if err := c.visit(node.Inputs()...); err != nil {
			return err
		}
		if err := c.add(node); err != nil {
			return err
		}
	}
	return nil
}

// identical is the node that an identity is of. Its inputs may be others, which gradients go to: see package conv.
func identical(identity *graph.Node) (*graph.Node, error) {
	var id graph.NodeId
	ids := reference.FindAllString(identity.String(), 2) // "Node #7 Identity(x=[#3]) -> …"
	if len(ids) < 2 {
		return nil, fmt.Errorf("products: %q does not say what it is the identity of", identity)
	}
	if _, err := fmt.Sscanf(ids[1], "#%d", &id); err != nil {
		return nil, err
	}
	return identity.Graph().NodeById(id), nil
}

// add counts a node whose inputs have been counted.
func (c *counter) add(node *graph.Node) error {
	what, err := c.computation(node)
	if err != nil {
		return err
	}
	if name, before := c.known[what]; before {
		c.names[node] = name
		return nil
	}
	name := fmt.Sprint("#", len(c.known))
	c.known[what], c.names[node] = name, name
	if node.Type() == graph.NodeTypeDotGeneral {
		c.sum += multiplications(node)
	}
	times, body, isLoop := loop.Within(node)
	if !isLoop {
		return nil
	}
	passes, err := number(times)
	if err != nil {
		return err
	}
	pass := counter{names: map[*graph.Node]string{}, known: map[string]string{}}
	if err := pass.visit(body...); err != nil {
		return err
	}
	c.sum += passes * pass.sum
	return nil
}

var reference = regexp.MustCompile(`#\d+`)

// computation describes what a node computes: its operation, with the names of its inputs.
func (c *counter) computation(node *graph.Node) (string, error) {
	_, _, isLoop := loop.Within(node)
	isLarge := node.Type() == graph.NodeTypeConstant && node.ConstantValue() == nil // its numbers are not kept
	if isLoop || isLarge || node.Type() == graph.NodeTypeParameter {
		return fmt.Sprint("node ", node.Id()), nil
	}
	what := node.String() // "Node #7 Add(x=[#3], y=[#5]) -> …"
	_, what, found := strings.Cut(what, fmt.Sprintf("#%d ", node.Id()))
	if !found {
		return "", fmt.Errorf("products: %q does not begin with its number", node)
	}
	names := map[string]string{}
	for _, input := range node.Inputs() {
		names[fmt.Sprint("#", input.Id())] = c.names[input]
	}
	return reference.ReplaceAllStringFunc(what, func(id string) string {
		if name, isInput := names[id]; isInput {
			return name
		}
		return id
	}), nil
}

var batchAxes = regexp.MustCompile(`lhsBatchAxes=\[([\d ]*)\]`)

// multiplications are those of a product. Of axes b that both factors and the product have, contracted ones k, and m and n of
// one factor each, the sizes of the three are bmk, bnk and bmn; the multiplications are bmnk.
func multiplications(product *graph.Node) int {
	left, right := product.Inputs()[0].Shape(), product.Inputs()[1].Shape()
	common := 1.0
	var axis int
	for _, word := range strings.Fields(batchAxes.FindStringSubmatch(product.String())[1]) {
		fmt.Sscan(word, &axis)
		common *= float64(left.Dimensions[axis])
	}
	squared := float64(left.Size()) * float64(right.Size()) * float64(product.Shape().Size()) / common
	return int(math.Round(math.Sqrt(squared)))
}

// number is the value of a constant of type int32.
func number(node *graph.Node) (int, error) {
	if node.Type() == graph.NodeTypeConstant {
		if n, ok := node.ConstantValue().Value().(int32); ok {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("products: a loop runs %s times, which is no constant", node)
}
