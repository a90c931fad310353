package attack

import (
	"os"
	"path/filepath"
)

// stackOf guesses what a service is written with, from the files beside it and in the folders above. It only chooses which
// remedies are shown.
func stackOf(dir string) string {
	marks := []struct{ file, stack string }{
		{"package.json", "node"}, {"pom.xml", "jvm"}, {"build.gradle", "jvm"}, {"build.gradle.kts", "jvm"},
		{"pyproject.toml", "python"}, {"requirements.txt", "python"}, {"go.mod", "net/http"},
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		for _, mark := range marks {
			if _, err := os.Stat(filepath.Join(at, mark.file)); err == nil {
				return mark.stack
			}
		}
		above := filepath.Dir(at)
		if above == at {
			return ""
		}
		at = above
	}
}
