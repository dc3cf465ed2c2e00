# fetchFromGitHub's shape: an archive of a revision, by fetchzip; with
# submodules, by fetchgit.
{ fetchzipLater, fetchgit }:
{ owner, repo, rev, hash, name ? "source", fetchSubmodules ? false }:
let
  base = "http://sample.granary.test/${owner}/${repo}";
in
(
  if fetchSubmodules then
    fetchgit { url = "${base}.git"; inherit name rev hash fetchSubmodules; }
  else
    fetchzipLater { url = "${base}/archive/${rev}.tar.gz"; inherit name hash; }
)
// { inherit rev; }
