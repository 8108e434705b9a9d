package configs

import "joule/internal/strictyaml"

// Text reads a config from text that stands for a file, which need not be there: what it extends, and relative paths in its data, are
// looked for beside that file.
func Text(text []byte, path string) (*Config, error) {
	document, err := strictyaml.Load(func(from, name string) (string, []byte, error) {
		if from == "" {
			return path, text, nil
		}
		return embedded.Open(from, name)
	}, path)
	if err != nil {
		return nil, err
	}
	base := &Base{document, dirOf(path)}
	return base.Config(nil, nil)
}
