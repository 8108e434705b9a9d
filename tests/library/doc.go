// Package library tests Joule as a library: from another module, by its examples, and by the steps of CONTRIBUTING.md.
package library
