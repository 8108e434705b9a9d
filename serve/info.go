package serve

// column is what is said of a column of the data.
type column struct {
	Name       string   `json:"name"`
	Categories []string `json:"categories,omitempty"`
	// MayBeMissing says that null is taken, for which the value of the training part stands in.
	MayBeMissing bool `json:"may_be_missing"`
}

// info is the answer about the model.
func (s *Server) info() map[string]any {
	m := s.model
	var columns []column
	for _, c := range m.Encoding.Columns {
		columns = append(columns, column{c.Name, c.Categories, c.Fill != nil})
	}
	answers := []string{}
	for _, r := range s.routes {
		if r.absent == "" {
			answers = append(answers, r.path)
		}
	}
	info := map[string]any{
		"name": m.Info.Name, "method": m.Info.Method, "model": m.Info.Model, "run": m.Info.Run, "step": m.Info.Step,
		"backend": m.Info.Backend, "version": m.Info.Version, "dim": m.Encoding.Dim(), "columns": columns, "answers": answers,
		"max_points": s.settings.MaxPoints,
	}
	if m.LogZ != nil {
		info["log_z"], info["log_z_standard_error"] = m.LogZ.LogZ, m.LogZ.StandardError
	}
	if m.Sigma > 0 {
		info["sigma"] = m.Sigma
	}
	return info
}

// infoSchema is the schema of that.
func (s *Server) infoSchema() schema {
	whole, yes := schema{"type": "integer"}, schema{"type": "boolean"}
	list := object(schema{"name": text, "method": text, "model": text, "run": text, "step": whole, "backend": text, "version": text, "dim": whole,
		"max_points": whole, "answers": each(text), "columns": each(schema{"type": "object", "required": []string{"name", "may_be_missing"},
			"properties": schema{"name": text, "categories": each(text), "may_be_missing": yes}})})
	for _, name := range []string{"log_z", "log_z_standard_error", "sigma"} {
		list["properties"].(schema)[name] = number
	}
	return list
}
