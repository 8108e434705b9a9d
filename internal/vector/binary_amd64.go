package vector

// The kernels of Binary, in arithmetic_amd64.s: for two rows, and for a number on the right or on the left.

//go:noescape
func addBoth(dst, a, b *float32, n int)

//go:noescape
func addRight(dst, a, b *float32, n int)

//go:noescape
func addLeft(dst, a, b *float32, n int)

//go:noescape
func subBoth(dst, a, b *float32, n int)

//go:noescape
func subRight(dst, a, b *float32, n int)

//go:noescape
func subLeft(dst, a, b *float32, n int)

//go:noescape
func mulBoth(dst, a, b *float32, n int)

//go:noescape
func mulRight(dst, a, b *float32, n int)

//go:noescape
func mulLeft(dst, a, b *float32, n int)

//go:noescape
func divBoth(dst, a, b *float32, n int)

//go:noescape
func divRight(dst, a, b *float32, n int)

//go:noescape
func divLeft(dst, a, b *float32, n int)

//go:noescape
func maxBoth(dst, a, b *float32, n int)

//go:noescape
func maxRight(dst, a, b *float32, n int)

//go:noescape
func maxLeft(dst, a, b *float32, n int)

//go:noescape
func minBoth(dst, a, b *float32, n int)

//go:noescape
func minRight(dst, a, b *float32, n int)

//go:noescape
func minLeft(dst, a, b *float32, n int)

//go:noescape
func eqBoth(dst, a, b *float32, n int)

//go:noescape
func eqRight(dst, a, b *float32, n int)

//go:noescape
func eqLeft(dst, a, b *float32, n int)

//go:noescape
func neBoth(dst, a, b *float32, n int)

//go:noescape
func neRight(dst, a, b *float32, n int)

//go:noescape
func neLeft(dst, a, b *float32, n int)

//go:noescape
func ltBoth(dst, a, b *float32, n int)

//go:noescape
func ltRight(dst, a, b *float32, n int)

//go:noescape
func ltLeft(dst, a, b *float32, n int)

//go:noescape
func leBoth(dst, a, b *float32, n int)

//go:noescape
func leRight(dst, a, b *float32, n int)

//go:noescape
func leLeft(dst, a, b *float32, n int)

//go:noescape
func geBoth(dst, a, b *float32, n int)

//go:noescape
func geRight(dst, a, b *float32, n int)

//go:noescape
func geLeft(dst, a, b *float32, n int)

//go:noescape
func gtBoth(dst, a, b *float32, n int)

//go:noescape
func gtRight(dst, a, b *float32, n int)

//go:noescape
func gtLeft(dst, a, b *float32, n int)

//go:noescape
func addWordsBoth(dst, a, b *float32, n int)

//go:noescape
func addWordsRight(dst, a, b *float32, n int)

//go:noescape
func addWordsLeft(dst, a, b *float32, n int)

//go:noescape
func subWordsBoth(dst, a, b *float32, n int)

//go:noescape
func subWordsRight(dst, a, b *float32, n int)

//go:noescape
func subWordsLeft(dst, a, b *float32, n int)

//go:noescape
func mulWordsBoth(dst, a, b *float32, n int)

//go:noescape
func mulWordsRight(dst, a, b *float32, n int)

//go:noescape
func mulWordsLeft(dst, a, b *float32, n int)

//go:noescape
func eqWordsBoth(dst, a, b *float32, n int)

//go:noescape
func eqWordsRight(dst, a, b *float32, n int)

//go:noescape
func eqWordsLeft(dst, a, b *float32, n int)

//go:noescape
func andBoth(dst, a, b *float32, n int)

//go:noescape
func andRight(dst, a, b *float32, n int)

//go:noescape
func andLeft(dst, a, b *float32, n int)

//go:noescape
func orBoth(dst, a, b *float32, n int)

//go:noescape
func orRight(dst, a, b *float32, n int)

//go:noescape
func orLeft(dst, a, b *float32, n int)

//go:noescape
func xorBoth(dst, a, b *float32, n int)

//go:noescape
func xorRight(dst, a, b *float32, n int)

//go:noescape
func xorLeft(dst, a, b *float32, n int)

//go:noescape
func shlBoth(dst, a, b *float32, n int)

//go:noescape
func shlRight(dst, a, b *float32, n int)

//go:noescape
func shlLeft(dst, a, b *float32, n int)

//go:noescape
func shrBoth(dst, a, b *float32, n int)

//go:noescape
func shrRight(dst, a, b *float32, n int)

//go:noescape
func shrLeft(dst, a, b *float32, n int)

//go:noescape
func rotateBoth(dst, a, b *float32, n int)

//go:noescape
func rotateRight(dst, a, b *float32, n int)

//go:noescape
func rotateLeft(dst, a, b *float32, n int)
