package doctor

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"joule/backends"
)

// Print writes the report for people; table writes the backends.
func (r *Report) Print(w io.Writer, table func(io.Writer, []backends.Candidate) error) error {
	s := r.System
	var modules []string
	for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
		modules = append(modules, name+" "+s.Modules[name])
	}
	with := "without XLA (noxla, no cgo)"
	if s.XLA {
		with = "with XLA (cgo), made for PJRT " + r.PJRT
	}
	p := &printer{w: w}
	p.row("joule", "%s (%s, %s/%s, %s)", r.Version, s.Go, s.OS, s.Arch, strings.Join(modules, ", "))
	p.row("built", "%s", with)
	cores := fmt.Sprintf("%d cores", s.Cores)
	if r.Limits.CPUs > 0 {
		cores += fmt.Sprintf(" of which a control group allows %.3g", r.Limits.CPUs)
	}
	p.row("processor", "%s, %s, %s", s.CPU, cores, strings.Join(s.Vectors, " "))
	memory := size(s.Memory)
	if r.Limits.Memory > 0 {
		memory += ", a limit of a control group"
	}
	if r.Limits.Available > 0 {
		memory += ", " + size(r.Limits.Available) + " of the machine's available"
	}
	p.row("memory", "%s", memory)
	files := "no limit that is known"
	if r.Limits.OpenFiles > 0 {
		files = fmt.Sprintf("%d open at once", r.Limits.OpenFiles)
	}
	p.row("files", "%s", files)
	for _, d := range r.Disks {
		if d.Error != "" {
			p.row(d.What, "%s: %s", d.Path, d.Error)
			continue
		}
		kind := d.FileSystem
		if kind == "" {
			kind = "a file system"
		}
		p.row(d.What, "%s, %s of %s free on %s", d.Path, size(d.Free), size(d.Total), kind)
	}
	driver := "no driver found"
	if s.NVIDIA != "" {
		driver = s.NVIDIA
	} else if len(r.GPUs) > 0 {
		driver = r.GPUs[0].Driver
	}
	p.row("nvidia", "%s", driver)
	for _, g := range r.GPUs {
		p.row(fmt.Sprintf("  gpu %d", g.Index), "%s", g.describe())
	}
	for _, v := range r.Variables {
		p.row("variable", "%s=%s", v.Name, v.Value)
	}
	fmt.Fprintln(w)
	if err := table(w, r.Backends); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, t := range r.SelfTests {
		verdict := "self-test passed"
		if !t.Passed {
			verdict = "self-test FAILED: " + t.Message
		}
		p.row(t.Spec, "%s", verdict)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "\n%s: %s\n  what to do: %s\n", f.Kind, f.What, f.Do)
	}
	return p.err
}

func (g GPU) describe() string {
	text := g.Name
	if g.Memory > 0 {
		text += fmt.Sprintf(", %s, %s free", size(g.Memory), size(g.Free))
	}
	if g.Driver != "" {
		text += ", driver " + g.Driver
	}
	if !g.Visible {
		text += ", hidden by CUDA_VISIBLE_DEVICES"
	}
	return text
}

// printer writes rows, and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) row(name, format string, args ...any) {
	_, err := fmt.Fprintf(p.w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	if p.err == nil {
		p.err = err
	}
}
