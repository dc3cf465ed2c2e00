# The fetchers of the Nix language, for an evaluation without a network: they
# say what they are asked for, and return what the disk holds of it.
#
#   fetch FETCH           a download is needed: {"builtin": NAME, "args": SET}
{
  served, # store paths, by the JSON of a FETCH
}:

let
  inherit (builtins)
    abort
    isAttrs
    isBool
    isInt
    isString
    mapAttrs
    storePath
    substring
    toJSON
    trace
    typeOf
    unsafeDiscardStringContext
    ;
  real = builtins;

  plain =
    value:
    if isBool value || isInt value then
      value
    else if isString value then
      unsafeDiscardStringContext value
    else
      toString value;

  # It cannot be caught: tryEval would take it for an answer.
  fetched =
    builtin: args:
    let
      text = toJSON { inherit builtin args; };
    in
    trace "granary fetch ${text}" (
      if served ? ${text} then storePath served.${text} else abort "granary: not fetched"
    );

  # Nix reads folders and files of this machine without a network.
  local =
    args:
    let
      url = if isAttrs args then args.url or args.path or "" else args;
    in
    typeOf url == "path"
    || isString url && (substring 0 1 url == "/" || substring 0 5 url == "file:");

  file =
    name: args:
    if local args then
      real.${name} args
    else
      fetched name (mapAttrs (_: plain) (if isAttrs args then args else { url = args; }));

  # A checkout comes with what is known of it.
  tree =
    name: args:
    let
      known = if isAttrs args then args else { url = args; };
      rev = args.rev or "0000000000000000000000000000000000000000";
    in
    if local args then
      real.${name} args
    else
      {
        outPath = fetched name (mapAttrs (_: plain) known);
        inherit rev;
        shortRev = substring 0 7 rev;
        submodules = args.submodules or false;
        lastModified = args.lastModified or 0;
        lastModifiedDate = args.lastModifiedDate or "19700101000000";
        revCount = args.revCount or 0;
      }
      // (if args ? narHash then { inherit (args) narHash; } else { });

  replaced = {
    fetchurl = file "fetchurl";
    fetchTarball = file "fetchTarball";
    fetchGit = tree "fetchGit";
    fetchTree = tree "fetchTree";
    fetchMercurial = tree "fetchMercurial";
    import = real.scopedImport scope;
    scopedImport = more: real.scopedImport (scope // more);
    builtins = real // replaced;
  };

  # The names under which an expression has them.
  scope = {
    inherit (replaced)
      builtins
      fetchGit
      fetchMercurial
      fetchTarball
      fetchTree
      import
      scopedImport
      ;
    __fetchurl = replaced.fetchurl;
  };
in
{
  inherit fetched scope;
}
