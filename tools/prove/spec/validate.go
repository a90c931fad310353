package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// finder knows where in the file a value stands.
type finder struct {
	file string
	tree *ast.File
}

// fault is an error at the value with the YAML path, or at the nearest enclosing one that is written down.
func (f finder) fault(path, problem, hint string) error {
	out := &Error{File: f.file, Problem: problem, Hint: hint}
	for path != "" && path != "$" {
		if p, err := yaml.PathString(path); err == nil {
			if node, err := p.FilterFile(f.tree); err == nil && node != nil && node.GetToken() != nil {
				out.Line = node.GetToken().Position.Line
				return out
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return out
}

// quoted is the line of the first key or value that a message quotes; 0 when there is none.
func (f finder) quoted(message string) int {
	_, rest, _ := strings.Cut(message, `"`)
	word, _, found := strings.Cut(rest, `"`)
	if !found || f.tree == nil {
		return 0
	}
	visit := &search{word: word}
	for _, doc := range f.tree.Docs {
		ast.Walk(visit, doc.Body)
	}
	return visit.line
}

// search finds the first node that is a word.
type search struct {
	word string
	line int
}

// Visit looks at one node.
func (s *search) Visit(node ast.Node) ast.Visitor {
	if token := node.GetToken(); s.line == 0 && token != nil && token.Value == s.word {
		s.line = token.Position.Line
	}
	return s
}

// validate reports the first contradiction, in the order of the file.
func (s *Service) validate(at finder) error {
	for _, check := range []func(finder) error{
		s.validateProcess, s.validateDeps, s.validateOperations, s.validateNumbers,
	} {
		if err := check(at); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) validateProcess(at finder) error {
	switch {
	case s.Name == "":
		return at.fault("$.name", "name is missing", "write name: and what the service is called")
	case len(s.Run) == 0:
		return at.fault("$.run", "run is missing", "write run: and the command that starts the service")
	case s.Health.Port != "admin" && s.Health.Port != "service":
		return at.fault("$.health.port", fmt.Sprintf("port %q is not known", s.Health.Port), "write admin or service")
	case s.Health.Port == "admin" && s.Admin == nil:
		return at.fault("$.health.port", "there is no admin listener", "add admin: or write port: service")
	case s.Budget.Unit != "" && s.Budget.Unit != "ms" && s.Budget.Unit != "s":
		return at.fault("$.budget.unit", fmt.Sprintf("unit %q is not known", s.Budget.Unit), "write ms or s")
	case s.Budget.Unit != "" && s.Budget.Header == "":
		return at.fault("$.budget", "a unit without a header", "write header: and its name")
	}
	known := []string{"port", "admin_port", "tmp"}
	if s.Admin == nil {
		known = []string{"port", "tmp"}
	}
	for i, arg := range s.Run {
		if err := at.known(fmt.Sprintf("$.run[%d]", i), arg, known); err != nil {
			return err
		}
	}
	if err := at.known("$.listen.value", s.Listen.Value, known); err != nil {
		return err
	}
	for name, value := range s.Env {
		if err := at.known("$.env."+name, value, known); err != nil {
			return err
		}
	}
	for _, path := range []string{s.Health.Live, s.Health.Ready} {
		if path != "" && !strings.HasPrefix(path, "/") {
			return at.fault("$.health", fmt.Sprintf("%q is not a path", path), "start it with /")
		}
	}
	return nil
}

// known rejects placeholders that have no meaning where they stand.
func (f finder) known(path, text string, names []string) error {
	for _, name := range placeholders(text) {
		if !slices.Contains(names, name) {
			return f.fault(path, fmt.Sprintf("{{%s}} means nothing here", name), "known are {{"+strings.Join(names, "}}, {{")+"}}")
		}
	}
	return nil
}

func (s *Service) validateDeps(at finder) error {
	seen := map[string]bool{}
	for i, dep := range s.Deps {
		path := fmt.Sprintf("$.deps[%d]", i)
		switch {
		case dep.Name == "" || seen[dep.Name]:
			return at.fault(path, "a dependency needs a name of its own", "write name: and what it is called")
		case dep.Env == "":
			return at.fault(path, fmt.Sprintf("dependency %s has no env", dep.Name), "write env: and the variable that tells the service its URL")
		case dep.Kind != "http":
			return at.fault(path+".kind", fmt.Sprintf("kind %q is not known", dep.Kind), "write http")
		}
		seen[dep.Name] = true
		if err := at.known(path+".value", dep.Value, []string{"url"}); err != nil {
			return err
		}
		for k, response := range dep.Respond {
			where := fmt.Sprintf("%s.respond[%d]", path, k)
			if !strings.HasPrefix(response.Path, "/") {
				return at.fault(where, fmt.Sprintf("%q is not a path", response.Path), "start it with /")
			}
			if response.Status < 200 || response.Status > 599 {
				return at.fault(where, fmt.Sprintf("%d is not the status of an answer", response.Status), "write one from 200 to 599")
			}
			if err := at.known(where+".body", response.Body, []string{"n", "key"}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) validateOperations(at finder) error {
	if len(s.Operations) == 0 {
		return at.fault("$.operations", "there are no operations", "describe at least one request that clients make")
	}
	seen := map[string]bool{}
	for i, op := range s.Operations {
		path := fmt.Sprintf("$.operations[%d]", i)
		switch {
		case op.Name == "" || seen[op.Name]:
			return at.fault(path, "an operation needs a name of its own", "write name: and what it is called")
		case !strings.HasPrefix(op.Request.Path, "/"):
			return at.fault(path+".request.path", fmt.Sprintf("%q is not a path", op.Request.Path), "start it with /")
		case op.Kind != Read && op.Kind != Write && op.Kind != Idempotent:
			return at.fault(path+".kind", fmt.Sprintf("kind %q is not known", op.Kind), "write read, write or idempotent")
		}
		for _, name := range op.Deps {
			if !slices.ContainsFunc(s.Deps, func(d Dependency) bool { return d.Name == name }) {
				return at.fault(path+".deps", fmt.Sprintf("dependency %q is not described", name), "add it below deps:")
			}
		}
		if err := s.validateSetup(at, path, op, seen); err != nil {
			return err
		}
		seen[op.Name] = true
	}
	return nil
}

// validateSetup wants the operation that is done first to stand first: so there are no circles.
func (s *Service) validateSetup(at finder, path string, op Operation, earlier map[string]bool) error {
	if op.Setup != "" && !earlier[op.Setup] {
		return at.fault(path+".setup", fmt.Sprintf("operation %q is not described above", op.Setup), "describe it before the one that needs it")
	}
	texts := []string{op.Request.Path, op.Request.Body}
	for _, value := range op.Request.Headers {
		texts = append(texts, value)
	}
	for _, text := range texts {
		for _, name := range placeholders(text) {
			field, fromSetup := strings.CutPrefix(name, "setup.")
			switch {
			case name == "unique" || fromSetup && field != "" && op.Setup != "":
			case fromSetup && op.Setup == "":
				return at.fault(path+".request", fmt.Sprintf("{{%s}} needs a setup", name), "write setup: and the operation whose answer has the field")
			default:
				return at.fault(path+".request", fmt.Sprintf("{{%s}} means nothing here", name), "known are {{unique}} and {{setup.FIELD}}")
			}
		}
	}
	return nil
}

// validateNumbers wants every limit and every number of the attack to be above zero.
func (s *Service) validateNumbers(at finder) error {
	for group, value := range map[string]reflect.Value{
		"$.limits": reflect.ValueOf(s.Limits), "$.attack": reflect.ValueOf(s.Attack),
	} {
		for i := range value.NumField() {
			field := value.Field(i)
			if field.Kind() == reflect.Pointer {
				if field.IsNil() {
					continue
				}
				field = field.Elem()
			}
			if field.CanInt() && field.Int() <= 0 || field.CanFloat() && field.Float() <= 0 || field.Kind() == reflect.Slice && field.Len() == 0 {
				return at.fault(group+"."+value.Type().Field(i).Tag.Get("yaml"), "not above zero", "write a number above zero, or leave the key out")
			}
		}
	}
	return nil
}
