package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

// Software Heritage keeps what it found in repositories and archives: contents,
// which it knows by several hashes, and directories. Its addresses are those of
// https://docs.softwareheritage.org/devel/swh-web/uri-scheme-api.html.
//
//  1. A file is asked for by its SHA-256 or SHA-1.
//  2. A tree is looked up by the SHA-256 of its NAR, which is known of trees that
//     came from lists of Nix's and Guix's sources (extid), and else by the commit.
//  3. The archive's vault is asked to make a tarball of the directory that was
//     found; whether it is ready is asked for now and then, but not for ever.
const (
	heritageAPI = "https://archive.softwareheritage.org/api/1/"
	// maxHeritageJSON is the largest answer that is read, in bytes.
	maxHeritageJSON = 4 << 20

	// vaultWait is how long to wait before the vault is asked for the first time
	// whether a tarball is ready; each further wait doubles, up to maxVaultWait.
	vaultWait    = 10 * time.Second
	maxVaultWait = 2 * time.Minute
	// vaultPolls is how often it is asked: for about a quarter of an hour.
	vaultPolls = 10
)

// heritage returns what to ask Software Heritage for.
func (r *run) heritage(s *granary.Source) (all []candidate) {
	if f, ok := fileOf(s); ok {
		switch algo := f.hash.Algorithm(); algo {
		case hashes.SHA256, hashes.SHA1:
			url := fmt.Sprintf("%scontent/%s:%s/raw/", heritageAPI, algo, f.hash.Base16())
			all = append(all, r.archived(url, r.askFile))
		}
	}
	if s.CA.Mode != hashes.Recursive {
		return all
	}
	if s.CA.Hash.Algorithm() == hashes.SHA256 {
		url := heritageAPI + "extid/nar-sha256/hex:" + s.CA.Hash.Base16() + "/?extid_version=1"
		all = append(all, r.archived(url, r.askDirectory))
	}
	if commit := commitOf(s); commit != "" {
		all = append(all, r.archived(heritageAPI+"revision/"+commit+"/", r.askDirectory))
	}
	return all
}

var (
	gitCommit    = regexp.MustCompile(`^[0-9a-f]{40}$`)
	commitInURL  = regexp.MustCompile(`(?:^|[^0-9a-f])([0-9a-f]{40})(?:[^0-9a-f]|$)`)
	heritageTree = regexp.MustCompile(`^swh:1:dir:[0-9a-f]{40}$`)
)

// commitOf returns the name of the git commit whose tree s may be, such as that in
// the URL of a forge's archive; "" if none is known. That of a part, or of more
// than one repository, is not there as it is.
func commitOf(s *granary.Source) string {
	c := s.Checkout
	switch {
	case c.Submodules || c.LFS || c.Sparse != "" || c.RootDir != "":
	case s.Kind == granary.KindFetchhg: // whose names of revisions look the same
	case s.Recipe == granary.RecipeCheckout && gitCommit.MatchString(s.Rev):
		return s.Rev
	case s.Recipe == granary.RecipeUnpack:
		if m := commitInURL.FindStringSubmatch(strings.Join(s.URLs, " ")); m != nil {
			return m[1]
		}
	}
	return ""
}

// heritageAnswer has the fields of the answers that matter here.
type heritageAnswer struct {
	Target    string `json:"target"`    // of an external identifier: a SWHID
	Directory string `json:"directory"` // of a revision, in base16
	Status    string `json:"status"`    // of the vault: new, pending, done or failed
	Progress  string `json:"progress_message"`
}

// tree returns the SWHID of the directory in the answer; "" if there is none.
func (a *heritageAnswer) tree() string {
	id := a.Target
	if a.Directory != "" {
		id = "swh:1:dir:" + a.Directory
	}
	if !heritageTree.MatchString(id) {
		return ""
	}
	return id
}

// askDirectory is the asker for which directory the source is, after which it is the
// vault's turn.
func (r *run) askDirectory(ctx context.Context, j *job, url string) (bool, error) {
	d := newDownload(r, j, url, nil)
	answer, err := d.heritage(ctx)
	if answer == nil || err != nil {
		return false, err
	}
	id := answer.tree()
	if id == "" {
		d.end(&failure{reason: ReasonNotFound, detail: "what is there is no directory"})
		return false, nil
	}
	v := vault{r, heritageAPI + "vault/flat/" + id + "/", 0}
	j.insert(r.archived(v.url, v.cook))
	return false, nil
}

// heritage returns what the archive says at the URL; nil after a failure.
func (d *download) heritage(ctx context.Context) (*heritageAnswer, error) {
	text, err := d.text(ctx, maxHeritageJSON)
	if text == nil || err != nil {
		return nil, err
	}
	answer := new(heritageAnswer)
	if err := json.Unmarshal(text, answer); err != nil {
		f := &failure{reason: ReasonStatus, detail: "no such JSON: " + err.Error()}
		d.end(unlessPage(text, f))
		return nil, nil
	}
	return answer, nil
}

// A vault is the making of one tarball.
type vault struct {
	run   *run
	url   string
	polls int // so far
}

// cook is the asker that has the tarball made, which is no work if there is one.
func (v vault) cook(ctx context.Context, j *job, url string) (bool, error) {
	d := newDownload(v.run, j, url, nil)
	d.method = "POST"
	return v.look(ctx, d)
}

// poll is the asker for whether the tarball is there.
func (v vault) poll(ctx context.Context, j *job, url string) (bool, error) {
	return v.look(ctx, newDownload(v.run, j, url, nil))
}

// look makes the request d, and sees to what is next.
func (v vault) look(ctx context.Context, d *download) (bool, error) {
	answer, err := d.heritage(ctx)
	if answer == nil || err != nil {
		return false, err
	}
	switch {
	case answer.Status == "done":
		d.job.insert(v.run.archived(v.url+"raw/", v.take))
	case answer.Status == "failed":
		detail := fmt.Sprintf("the vault failed: %.300s", answer.Progress)
		d.end(&failure{reason: ReasonStatus, detail: detail})
	case v.polls == vaultPolls:
		detail := "the vault is still at work; it may be done when granary fetch runs again"
		d.end(&failure{reason: ReasonNotFound, detail: detail})
	default:
		d.job.wait = min(vaultWait<<v.polls, maxVaultWait)
		v.polls++
		d.job.insert(v.run.archived(v.url, v.poll))
	}
	return false, nil
}

// take is the asker for the tarball.
func (v vault) take(ctx context.Context, j *job, url string) (bool, error) {
	r := v.run
	r.active.Add(1)
	defer r.active.Add(-1)
	temp, err := r.openFor(ctx, narKey(j.source), url)
	if err != nil {
		return false, err
	}
	d := newDownload(r, j, url, temp)
	d.check = func(ctx context.Context, t *disk.Temp) (made, *failure, error) {
		return r.treeOf(ctx, j.source, t)
	}
	return d.hold(ctx, granary.RecipeNAR)
}

// openFor opens a temp for what is at url: bytes of another URL in it are dropped.
func (r *run) openFor(ctx context.Context, key, url string) (*disk.Temp, error) {
	temp, err := r.Disk.CreateTemp(ctx, key)
	if err != nil || cameFrom(temp, url) {
		return temp, err
	}
	if err := temp.Reset(); err != nil {
		return nil, cmp.Or(err, temp.Close())
	}
	return temp, nil
}

// treeOf returns the NAR of the folder in the tarball in t, if it is the output of s.
// The recipe of s, if there is one, is for another archive.
func (r *run) treeOf(
	ctx context.Context, s *granary.Source, t *disk.Temp,
) (made, *failure, error) {
	tree, err := r.Disk.CreateTemp(ctx, tempKey(s)+".tree")
	if err != nil {
		return made{}, nil, err
	}
	object, err := r.writeTree(ctx, s, tree, t)
	var f *failure
	if errors.As(err, &f) {
		first := make([]byte, 512)
		n, _ := t.ReadAt(first, 0)
		return made{}, unlessPage(first[:n], f), tree.Remove()
	}
	if err != nil {
		return made{}, nil, cmp.Or(err, tree.Remove())
	}
	return made{tree, object}, nil, nil
}

// writeTree fills tree with the NAR of the folder in the tarball in t, and returns
// what to commit it as. The error may be a *failure.
func (r *run) writeTree(
	ctx context.Context, s *granary.Source, tree, t *disk.Temp,
) (hashes.Hash, error) {
	if err := r.beginUnpacking(ctx); err != nil {
		return hashes.Hash{}, err
	}
	defer r.endUnpacking()
	if err := tree.Reset(); err != nil {
		return hashes.Hash{}, err
	}
	err := r.compressNAR(ctx, s, tree, func(ctx context.Context, w io.Writer) error {
		archive, err := nar.OpenArchive(t, t.Size())
		if err == nil {
			opts := nar.Options{Budget: unpackBudget, MaxSize: r.maxSize, TempDir: r.tempDir()}
			err = archive.WriteNAR(ctx, w, opts)
		}
		if errors.Is(err, nar.ErrFormat) {
			return archiveFailure(err)
		}
		return err
	})
	if err != nil {
		return hashes.Hash{}, err
	}
	return tree.Hash(hashes.SHA256)
}
