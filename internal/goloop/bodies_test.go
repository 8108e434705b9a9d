package goloop_test

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
	"joule/internal/random"
)

// A body is tested in a loop of three passes over x [6, 5] and y [5, 5], and the key of a stream of random numbers, uint32
// [2]. It gives back what they are in the next pass.
type body func(x, y, key *graph.Node) (nextX, nextY, nextKey *graph.Node)

var bodies = map[string]body{
	"elementwise": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		z := graph.Sigmoid(graph.Sub(graph.Mul(x, x), graph.MulScalar(x, 3)))
		z = graph.Add(z, graph.Sqrt(graph.AddScalar(graph.Exp(graph.Neg(graph.Abs(x))), 1)))
		return graph.Div(z, graph.Log(graph.AddScalar(graph.Square(x), 2))), graph.Tanh(graph.Log1P(graph.Square(y))), s
	},
	"rows and columns": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		row, column := graph.ReduceAndKeep(x, graph.ReduceMean, 0), graph.ReduceAndKeep(x, graph.ReduceMean, 1)
		z := graph.Max(graph.Add(x, row), graph.Sub(column, x))
		z = graph.Min(z, graph.Mul(row, column))
		return z, graph.Add(y, graph.BroadcastToDims(graph.Slice(row, graph.AxisRange(), graph.AxisElem(2)), 5, 5)), s
	},
	"choice": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		positive, small := graph.GreaterThan(x, graph.ZerosLike(x)), graph.LessOrEqual(graph.Abs(x), graph.OnesLike(x))
		some := graph.And(graph.Not(positive), graph.Or(small, positive))
		z := graph.Where(some, graph.MulScalar(x, 2), graph.Add(x, graph.ReduceAllSum(y)))
		all := graph.LessThan(graph.ReduceAllMean(x), graph.ScalarZero(x.Graph(), x.DType()))
		return z, graph.Where(graph.BroadcastToDims(all, 5, 5), y, graph.Neg(y)), s
	},
	"truth that leaves": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		positive := graph.GreaterThan(x, graph.ZerosLike(x))
		counted := graph.ReduceAllSum(graph.ConvertDType(graph.ConvertDType(positive, dtypes.Int32), x.DType()))
		return graph.Where(positive, x, graph.Neg(x)), graph.Add(y, counted), s
	},
	"largest": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		positive := graph.ConvertDType(graph.GreaterThan(x, graph.ZerosLike(x)), x.DType())
		z := graph.Add(graph.Mul(x, positive), graph.ReduceAndKeep(x, graph.ReduceMax, 1))
		z = graph.Sub(z, graph.ReduceAndKeep(graph.Sin(x), graph.ReduceMax, 0))
		return z, graph.Mul(y, graph.ReduceAllMax(positive)), s
	},
	"products": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		xy := graph.Dot(x, y).Product()
		xxt := graph.Einsum("ij,kj->ik", x, x)
		xtx := graph.Einsum("ij,ik->kj", x, x)
		z := graph.Einsum("ik,kj->ij", xxt, xy)
		return graph.MulScalar(z, 0.1), graph.MulScalar(graph.Add(graph.Transpose(xtx, 0, 1), graph.Einsum("ij,kj->ki", y, xtx)), 0.1), s
	},
	"batches": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.Reshape(x, 2, 3, 5)
		z := graph.Einsum("bij,bkj->bik", a, a)
		z = graph.Einsum("bik,bkj->bij", z, a)
		return graph.MulScalar(graph.Reshape(z, 6, 5), 0.1), graph.MulScalar(graph.Einsum("bij,bik->jk", a, a), 0.1), s
	},
	"gradient": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		h := graph.Dot(x, y).Product()
		e := graph.ReduceAllSum(graph.Mul(h, graph.Sigmoid(h)))
		score := graph.Gradient(e, x)[0]
		g := graph.Gradient(graph.ReduceAllMean(graph.Square(score)), x, y)
		return graph.Sub(x, graph.MulScalar(g[0], 0.1)), graph.Sub(y, graph.MulScalar(g[1], 0.1)), s
	},
	"moved": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		flat := graph.Reshape(x, 30)
		turned := graph.Concatenate([]*graph.Node{graph.Slice(flat, graph.AxisRange(7)), graph.Slice(flat, graph.AxisRange(0, 7))}, 0)
		beside := graph.Concatenate([]*graph.Node{graph.Slice(y, graph.AxisRange(), graph.AxisRange(2)), graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, 2))}, 1)
		return graph.Reshape(graph.Transpose(graph.Reshape(turned, 5, 6), 0, 1), 6, 5), graph.Transpose(beside, 0, 1), s
	},
	"state that is handed on": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		top := graph.Slice(x, graph.AxisRange(0, 5), graph.AxisRange())
		return graph.Concatenate([]*graph.Node{y, graph.Slice(x, graph.AxisRange(5), graph.AxisRange())}, 0), top, s
	},
	"sums": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.Reshape(x, 2, 3, 5)
		middle := graph.ReduceSum(a, 1)                                       // [2, 5]
		apart := graph.ReduceSum(a, 0, 2)                                     // [3]
		z := graph.Add(graph.ReduceSum(middle, 0), graph.ReduceAllMax(apart)) // [5]
		return graph.MulScalar(graph.Add(x, graph.BroadcastPrefix(z, 6)), 0.2), y, s
	},
	"loop within": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		out := loop.Repeat(graph.Const(x.Graph(), int32(4)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.MulScalar(graph.Dot(in[0], in[1]).Product(), 0.5), in[1]}
		}, x, y)
		return out[0], graph.MulScalar(y, 0.9), s
	},
	"loop within that is left": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		// There is no plan for a loop that has a shape without numbers.
		out := loop.Repeat(graph.Const(x.Graph(), int32(4)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			none := graph.Zeros(x.Graph(), shapes.Make(dtypes.Float32, 0, 5))
			return []*graph.Node{graph.MulScalar(graph.Concatenate([]*graph.Node{none, in[0]}, 0), 0.5), in[1]}
		}, x, y)
		return out[0], graph.Add(y, out[1]), s
	},
	"random": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		stream := random.NewStream(s)
		x = graph.Add(x, stream.Normal(x.Shape()))
		y = graph.Add(y, graph.ConvertDType(stream.Uniform(shapes.Make(dtypes.Float64, 5, 5)), x.DType()))
		return x, y, graph.AddScalar(s, 1)
	},
	"indices": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		index := random.Index(random.NewStream(s), 6, 5, 1)
		return graph.MulScalar(x, 0.5), graph.Gather(x, index), graph.AddScalar(s, 1)
	},
	"words": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		g := x.Graph()
		words := graph.Add(graph.IotaFull(g, shapes.Make(dtypes.Uint32, 6, 5)), graph.BroadcastToDims(graph.ReduceAllMax(s), 6, 5))
		words = graph.BitwiseXor(graph.Mul(words, words), graph.BitwiseShiftLeftScalar(words, uint32(7)))
		few := graph.BitwiseAnd(graph.BitwiseOr(words, graph.Const(g, uint32(5))), graph.Const(g, uint32(0xff)))
		same := graph.Equal(graph.ConvertDType(few, dtypes.Int32), graph.Const(g, int32(5)))
		wide := graph.ConvertDType(few, dtypes.Float64)
		z := graph.ConvertDType(graph.Floor(graph.DivScalar(graph.Sub(wide, graph.Const(g, 7.5)), 3)), x.DType())
		turned := graph.BitwiseOr(graph.BitwiseShiftLeftScalar(s, uint32(5)), graph.BitwiseShiftRightLogicalScalar(s, uint32(27)))
		return graph.Where(same, x, graph.Add(z, graph.ConvertDType(graph.Sub(few, words), x.DType()))), y, turned
	},
	"scalars": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		g := x.Graph()
		mean := graph.ReduceAllMean(x)
		sick := graph.And(graph.Not(graph.IsFinite(mean)), graph.LessThan(mean, graph.ScalarZero(g, x.DType())))
		n := graph.Where(graph.Not(sick), graph.Const(g, int32(3)), graph.Const(g, int32(0)))
		healthy := graph.Equal(n, graph.Const(g, int32(3)))
		rate := graph.Cos(graph.MulScalar(graph.ConvertDType(n, x.DType()), 0.1))
		z := graph.Mul(x, graph.BroadcastToDims(graph.Mul(rate, rate), 6, 5))
		return graph.Where(graph.BroadcastToDims(healthy, 6, 5), z, x), y, s
	},
	"pieces": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		columns := graph.Slice(x, graph.AxisRange(), graph.AxisRange(1, 3)) // [6, 2]
		a := graph.Reshape(x, 2, 3, 5)
		rows := graph.Slice(a, graph.AxisRange(), graph.AxisRange(1, 2)) // [2, 1, 5]
		e := graph.Gradient(graph.ReduceAllSum(graph.Abs(graph.Slice(x, graph.AxisRange(), graph.AxisRange(1, 3)))), x)[0]
		x = graph.Add(x, graph.MulScalar(e, 0.1))
		back := graph.Concatenate([]*graph.Node{columns, graph.Slice(x, graph.AxisRange(), graph.AxisElem(0)), columns}, 1)
		a = graph.Concatenate([]*graph.Node{graph.Slice(a, graph.AxisRange(), graph.AxisRange(1)), rows}, 1)
		return graph.Add(back, graph.Reshape(graph.Sin(a), 6, 5)), y, s
	},
	"pieces apart": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		every := func(x *graph.Node, axis, from, step int) *graph.Node {
			return graph.SliceAxis(x, axis, graph.AxisRange(from).Stride(step))
		}
		zero := graph.ScalarZero(x.Graph(), x.DType())
		columns := every(x, 1, 0, 2)                                                                  // [6, 3]
		framed := graph.Pad(graph.Sin(x), zero, compute.PadAxis{}, compute.PadAxis{Start: 2, End: 3}) // [6, 10]
		rows := every(graph.Reshape(framed, 2, 3, 10), 1, 0, 2)                                       // [2, 2, 10]
		z := graph.Concatenate([]*graph.Node{columns, every(every(framed, 1, 1, 4), 1, 1, 1)}, 1)
		return graph.Add(z, graph.ReduceAllSum(every(rows, 2, 3, 3))), graph.Add(y, graph.ReduceAllMean(every(x, 0, 1, 3))), s
	},
	"rows turned around": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.TransposeAllAxes(graph.Reshape(graph.Exp(x), 3, 2, 5), 1, 0, 2)
		return graph.Sigmoid(graph.Reshape(a, 6, 5)), y, s
	},
	"turned around": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.Transpose(graph.Reshape(x, 2, 3, 5), 1, 2)                                 // [2, 5, 3]
		b := graph.TransposeAllAxes(graph.Reshape(graph.Mul(x, x), 3, 2, 5), 1, 2, 0)         // [2, 5, 3]
		c := graph.TransposeAllAxes(graph.Reshape(graph.Exp(graph.Neg(x)), 5, 3, 2), 2, 0, 1) // [2, 5, 3]
		d := graph.TransposeAllAxes(graph.Add(a, graph.Sub(b, c)), 1, 0, 2)                   // [5, 2, 3]
		return graph.Sigmoid(graph.Reshape(d, 6, 5)), y, s
	},
	"replicas": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		g := x.Graph()
		points := graph.Reshape(graph.Slice(y, graph.AxisRange(0, 4), graph.AxisRange(0, 3)), 2, 3, 2)
		points = graph.Add(points, graph.BroadcastToDims(graph.Sin(graph.IotaFull(g, shapes.Make(dtypes.Float32, 1, 3, 2))), 2, 3, 2))
		row := graph.Reshape(x, 2, 15)
		w := graph.Reshape(graph.Slice(row, graph.AxisRange(), graph.AxisRange(0, 10)), 2, 2, 5)
		bias := graph.Reshape(graph.Slice(row, graph.AxisRange(), graph.AxisRange(10)), 2, 1, 5)
		h := graph.Add(graph.Einsum("rbi,rio->rbo", points, w), graph.BroadcastToDims(bias, 2, 3, 5))
		e := graph.ReduceSum(graph.Mul(h, graph.Sigmoid(h)), -1) // [2, 3]
		score := graph.Gradient(graph.ReduceAllSum(e), points)[0]
		loss := graph.ReduceSum(graph.Square(graph.Add(score, points)), 1, 2) // [2]
		gradient := graph.Gradient(graph.ReduceAllSum(loss), row)[0]
		healthy := graph.LessThan(graph.ReduceSum(row, 1), graph.Const(g, float32(0.4))) // one is, and one is not
		next := graph.Sub(row, graph.MulScalar(gradient, 0.05))
		next = graph.Where(graph.BroadcastToDims(graph.Reshape(healthy, 2, 1), 2, 15), next, row)
		return graph.Reshape(next, 6, 5), graph.Add(y, graph.ReduceAllSum(loss)), s
	},
	"large replicas": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		// Parts of more than a block, with a row, a number and a column for each, and rows and truths in common.
		g := x.Graph()
		each := func(dims ...int) *graph.Node {
			return graph.Sin(graph.IotaFull(g, shapes.Make(dtypes.Float32, dims...)))
		}
		z := graph.Add(each(3, 90, 20), graph.BroadcastToDims(graph.Reshape(graph.ReduceAllSum(x), 1, 1, 1), 3, 90, 20))
		z = graph.Add(graph.Mul(z, graph.BroadcastToDims(each(3, 1, 20), 3, 90, 20)), graph.BroadcastToDims(each(1, 90, 20), 3, 90, 20))
		z = graph.Sub(z, graph.BroadcastToDims(each(3, 1, 1), 3, 90, 20))
		z = graph.Mul(z, graph.BroadcastToDims(each(3, 90, 1), 3, 90, 20))
		truth := graph.GreaterThan(graph.Add(each(3, 1, 1), graph.BroadcastToDims(graph.Reshape(graph.ReduceAllSum(y), 1, 1, 1), 3, 1, 1)), graph.ScalarZero(g, x.DType()))
		z = graph.MulScalar(z, 0.02)
		z = graph.Where(graph.BroadcastToDims(truth, 3, 90, 20), z, graph.Neg(z))
		sums := graph.ReduceSum(z, 1) // [3, 20]
		return graph.Add(x, graph.Reshape(graph.Slice(graph.Reshape(sums, 60), graph.AxisRange(0, 30)), 6, 5)), graph.MulScalar(y, -0.9), s
	},
	"large products": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		// Enough for several threads, in a batch and in one.
		g := x.Graph()
		matrix := func(dims ...int) *graph.Node {
			return graph.Sin(graph.IotaFull(g, shapes.Make(dtypes.Float32, dims...)))
		}
		scale := graph.ReduceAllMean(x)
		batch := graph.Einsum("rbi,rio->rbo", graph.Mul(matrix(5, 41, 120), scale), matrix(5, 120, 130))
		back := graph.Einsum("rbi,rbo->rio", matrix(5, 41, 120), batch)
		one := graph.Einsum("bi,oi->bo", graph.Mul(matrix(211, 130), scale), matrix(190, 130))
		few := graph.Add(graph.Slice(one, graph.AxisRange(100, 106), graph.AxisRange(0, 5)), graph.Reshape(graph.Slice(back, graph.AxisElem(3), graph.AxisRange(7, 13), graph.AxisRange(60, 65)), 6, 5))
		return graph.Add(x, graph.MulScalar(few, 1e-3)), y, s
	},
}
