# What a worker of granary's evaluator runs: a set of functions over one package
# set. They speak through builtins.trace, which Nix writes at once, so that what
# was said before an error that ends an evaluation is never lost. Each line is
# "granary", an event and one JSON value.
#
#   begin PATH            the evaluation of this attribute begins
#   set   [PATH, NAMES]   it is a set to enter; its attributes are to be visited
#   drv   [PATH, DRVPATH, NAME]
#   meta  [PATH, UNFREE]
#   throw PATH            an error that Nix can catch follows: throw or assert
#   none  PATH            neither a derivation nor a set to enter
#   start [PATH, PATHS]   these attributes are to be visited, and nothing else of it
#   call, fetch           see overlay.nix and fetchers.nix
{
  subject, # picks one of subjects.nix
  scoped ? false, # whether files are imported with fetchers that tell of themselves
  system, # such as "x86_64-linux"
  config ? { }, # nixpkgs' config
  attrs ? [ ], # attribute paths: evaluate these alone
  sets ? [ ], # attribute paths of sets to enter though Nix does not recurse into them
  allSets ? false, # enter every set of packages at the top
}:

let
  inherit (builtins)
    attrNames
    elem
    foldl'
    head
    isAttrs
    isList
    tail
    toJSON
    trace
    tryEval
    ;

  say =
    event: value: result:
    trace "granary ${event} ${toJSON value}" result;

  fetchers = import ./fetchers.nix { served = import ./served.nix; };
  subjects = import ./subjects.nix {
    inherit system config;
    inherit (fetchers) fetched;
    load = if scoped then fetchers.scope.import else import;
    overlay = import ./overlay.nix;
  };
  chosen = subject subjects fetchers.scope;

  # What is a package itself is looked for under a name.
  isPackage = isAttrs chosen.value && chosen.value.type or null == "derivation";
  pkgs = if isPackage && attrs == [ ] then { default = chosen.value; } else chosen.value;

  start =
    if attrs == [ ] then
      chosen.start or null
    else if chosen ? resolve then
      map chosen.resolve attrs
    else
      null;

  lookup = path: foldl' (set: name: set.${name}) pkgs path;

  # Sets of packages by what they have, but not copies of the whole.
  copies = [
    "pkgs"
    "pkgsCross"
    "buildPackages"
    "targetPackages"
    "__splicedPackages"
    "lib"
    "tests"
  ];
  isCopy = set: set ? stdenv && set ? pkgs && set ? callPackage && set ? fetchurl;
  atTop = path: tail path == [ ] && !(elem (head path) copies);

  entered =
    path: value:
    isAttrs value
    && (
      path == [ ]
      || value.recurseForDerivations or false == true
      || elem path sets
      || start != null && elem path start
      || allSets && atTop path && !(isCopy value)
    );

  unfree =
    drv:
    let
      license = drv.meta.license or [ ];
      all = if isList license then license else [ license ];
    in
    builtins.any (l: isAttrs l && l.free or true == false) all;

  # The value, or the event "throw" and then the error itself. Nix catches throw
  # and assert without their message; forcing the value once more shows it.
  checked =
    path: value:
    if (tryEval value).success then value else say "throw" path value;

  meta = path: drv: say "meta" [ path (unfree drv) ];

  # What nixpkgs refuses for its license throws, and still has its meta.
  refused =
    path: drv:
    let
      known = tryEval (unfree drv);
    in
    if known.success && known.value then meta path drv null else null;

  examine =
    path: value:
    if path == [ ] && start != null then
      say "start" [ path start ] null
    else if path == [ ] && isAttrs value then
      say "set" [ path (attrNames value) ] null
    else if isAttrs value && checked path (value.type or null) == "derivation" then
      if (tryEval value.drvPath).success then
        say "drv" [ path value.drvPath (value.name or "") ] (meta path value null)
      else
        builtins.seq (refused path value) (checked path value.drvPath)
    else if checked path (entered path value) then
      say "set" [ path (attrNames value) ] null
    else
      say "none" path null;

  visitOne = path: say "begin" path (examine path (checked path (lookup path)));
  visit = foldl' (_: visitOne) null;
in
{
  # Visits each of the attribute paths, in order; the first error ends it.
  inherit visit;
  # The same, for the paths that a file holds.
  batch = file: visit (import file);
  # Says that the request before it was answered, and that a new one may come.
  done = n: say "done" n null;
  end = n: say "end" n null;
}
