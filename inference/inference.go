// Package inference answers questions about points by a trained energy: what a point with noise was without it (Tweedie, MAP),
// what the missing coordinates of a point may be (Inpainting), and how the density leads from one point to another (String). A [Scorer] evaluates the
// energy for many callers at once.
//
// Points are in the coordinates of the model. What is computed are graphs over all points at once.
package inference
