package serve

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// schema is a JSON Schema (2020-12).
type schema = map[string]any

// What answers are made of. A number that single precision cannot hold is null.
var (
	number = schema{"type": []string{"number", "null"}}
	text   = schema{"type": "string"}
)

// each is an array.
func each(items schema) schema { return schema{"type": "array", "items": items} }

// object is an object with these members, all of which are there.
func object(members schema) schema {
	var names []string
	for name := range maps.Keys(members) {
		names = append(names, name)
	}
	return schema{"type": "object", "properties": members, "required": names}
}

// cellSchema is that of a value in column k.
func (s *Server) cellSchema(k int) schema {
	c := s.model.Encoding.Columns[k]
	cell := schema{"type": "number", "minimum": -math.MaxFloat32, "maximum": math.MaxFloat32}
	if c.Categories != nil {
		var values []any
		for _, name := range c.Categories {
			values = append(values, name)
			if x, isNumber := asNumber(name); isNumber {
				values = append(values, x)
			}
		}
		cell = schema{"enum": values}
	}
	if c.Fill != nil {
		cell = schema{"anyOf": []schema{cell, {"type": "null"}}}
	}
	return cell
}

// asNumber is the number by which a category may be given, as well as by its name.
func asNumber(name string) (x float64, isNumber bool) {
	x, err := strconv.ParseFloat(name, 64)
	return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) && strconv.FormatFloat(x, 'g', -1, 64) == name
}

// fitsArray says whether rows can be given as an array of numbers.
func (s *Server) fitsArray() bool {
	for _, c := range s.model.Encoding.Columns {
		for _, name := range c.Categories {
			if _, isNumber := asNumber(name); !isNumber {
				return false
			}
		}
	}
	return true
}

// listSchema is that of all the rows of a request.
func (s *Server) listSchema(row schema) schema {
	return schema{"type": "array", "items": row, "minItems": 1, "maxItems": s.settings.MaxPoints}
}

// pointsSchema is that of rows as arrays.
func (s *Server) pointsSchema() schema {
	n := len(s.model.Encoding.Columns)
	row := schema{"type": "array", "minItems": n, "maxItems": n}
	if s.isUniform() {
		row["items"] = s.cellSchema(0)
	} else {
		var cells []schema
		for k := range n {
			cells = append(cells, s.cellSchema(k))
		}
		row["prefixItems"] = cells
	}
	list := s.listSchema(row)
	list["description"] = "rows with a value for each column, in the order of the columns and the units of the data"
	return list
}

// isUniform says whether all columns are numbers that have to be there.
func (s *Server) isUniform() bool {
	for _, c := range s.model.Encoding.Columns {
		if c.Categories != nil || c.Fill != nil {
			return false
		}
	}
	return true
}

// rowsSchema is that of rows as objects.
func (s *Server) rowsSchema() schema {
	cells := schema{}
	for k, c := range s.model.Encoding.Columns {
		cells[c.Name] = s.cellSchema(k)
	}
	row := object(cells)
	row["additionalProperties"] = false
	list := s.listSchema(row)
	list["description"] = "rows with the values by the names of the columns, in the units of the data"
	return list
}

// bodySchema is that of what a route takes.
func (r *route) bodySchema() schema {
	members := schema{}
	var choices []schema
	for _, f := range r.fields {
		members[f.name] = f.schema
		choices = append(choices, schema{"required": []string{f.name}})
	}
	body := schema{"type": "object", "properties": members, "additionalProperties": false}
	if r.isAbout { // by one field, and not by both
		body["oneOf"] = choices
	}
	return body
}

// The problems that may be the answer to a request about points, besides those of limits.
var problems = map[int]string{
	http.StatusBadRequest:            "What was asked is not in order; detail says where and what would be right.",
	http.StatusUnauthorized:          "The bearer token is missing or wrong.",
	http.StatusNotFound:              "This model cannot answer that.",
	http.StatusRequestEntityTooLarge: "The request is too large.",
	http.StatusUnsupportedMediaType:  "The body is of another type.",
	http.StatusInternalServerError:   "The evaluation failed.",
	http.StatusServiceUnavailable:    "Too much is asked at once, or the server is stopping: Retry-After says when to try again.",
	http.StatusGatewayTimeout:        "The answer takes too long.",
}

// OpenAPI is the description of the server, by OpenAPI 3.1.
func (s *Server) OpenAPI() ([]byte, error) {
	paths := schema{}
	for _, r := range s.routes {
		if r.absent != "" {
			continue
		}
		responses := schema{"200": schema{"description": "The answer.", "content": schema{jsonType: schema{"schema": r.answers}}}}
		for status, description := range problems {
			if isOfBody := status != http.StatusUnauthorized && status != http.StatusServiceUnavailable; isOfBody && r.fields == nil ||
				status == http.StatusUnauthorized && s.settings.Token == "" || status == http.StatusNotFound {
				continue
			}
			answer := schema{"description": description, "content": schema{problemType: schema{"schema": schema{"$ref": "#/components/schemas/Problem"}}}}
			if status == http.StatusServiceUnavailable {
				answer["headers"] = schema{"Retry-After": schema{"required": true, "description": "seconds", "schema": schema{"type": "integer"}}}
			}
			responses[strconv.Itoa(status)] = answer
		}
		operation := schema{"operationId": strings.TrimPrefix(r.path, "/v1/"), "summary": r.summary, "responses": responses}
		if r.fields != nil {
			content := schema{}
			for _, t := range r.types() {
				content[t] = schema{}
			}
			content[jsonType] = schema{"schema": r.bodySchema()}
			operation["requestBody"] = schema{"required": true, "content": content}
		}
		paths[r.path] = schema{strings.ToLower(r.method()): operation}
	}
	document := schema{
		"openapi": "3.1.0",
		"info":    schema{"title": "joule serve: " + s.model.Info.Name, "version": s.model.Info.Version},
		"paths":   paths,
		"components": schema{"schemas": schema{"Problem": schema{"type": "object", "description": "RFC 9457",
			"properties": schema{"title": text, "status": schema{"type": "integer"}, "detail": text}, "required": []string{"title", "status", "detail"}}}},
	}
	if s.settings.Token != "" {
		document["components"].(schema)["securitySchemes"] = schema{"token": schema{"type": "http", "scheme": "bearer"}}
		document["security"] = []schema{{"token": []string{}}}
	}
	return json.MarshalIndent(document, "", " ")
}
