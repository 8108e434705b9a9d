package conv

import "github.com/gomlx/gomlx/core/graph"

func RawConv(w Window, x, k *graph.Node) *graph.Node {
	f := w.form(dims(x), dims(k))
	return f.convolution(x, k)
}
func RawTrans(w Window, y, k *graph.Node, h, wd int) *graph.Node {
	d := dims(y)
	kd := dims(k)
	f := w.form([]int{kd[2], h, wd, d[3]}, kd)
	return f.transposedConvolution(y, k)
}
func RawCorr(w Window, x, y *graph.Node, k, c int) *graph.Node {
	f := w.form(dims(x), []int{k, k, c, dims(y)[0]})
	return f.correlation(x, y)
}
func SetVariant(v string) {}
