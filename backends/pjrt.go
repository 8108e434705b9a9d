package backends

// HeaderAPI is the version of PJRT's C interface that go-xla is compiled against. A plugin of another minor version opens as a rule, since
// both sides say how large their structures are; one of another major version does not.
const HeaderAPI = "0.104"

// HasXLA reports whether the program was built with XLA, which needs cgo; built with the tag noxla it has the backend go alone.
const HasXLA = withXLA
