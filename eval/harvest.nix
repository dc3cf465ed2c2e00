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
#   call  SOURCE          fetchurl was called; the overlay below saw it
{
  tree, # a path: what to evaluate
  system, # such as "x86_64-linux"
  config ? { }, # nixpkgs' config
  sets ? [ ], # attribute paths of sets to enter though Nix does not recurse into them
}:

let
  inherit (builtins)
    attrNames
    elem
    foldl'
    functionArgs
    isAttrs
    isFunction
    isList
    isString
    toJSON
    trace
    tryEval
    ;

  say =
    event: value: result:
    trace "granary ${event} ${toJSON value}" result;

  # fetchurl's arguments differ between the ages of nixpkgs; what it returns
  # does not. Only what needs no other derivation is read from it: reading more
  # could change the order in which a stdenv bootstraps itself.
  call = drv: {
    inherit (drv) name;
    urls = if isList (drv.urls or null) then drv.urls else [ (drv.urls or drv.url or "") ];
    hash = drv.outputHash;
    algo = drv.outputHashAlgo or "";
    mode = drv.outputHashMode or "flat";
    unpack = drv.downloadToTemp or false;
    executable = drv.executable or false;
  };

  observe =
    drv:
    let
      source = tryEval (toJSON (call drv));
    in
    if isAttrs drv && drv ? outputHash && source.success then
      trace "granary call ${source.value}" drv
    else
      drv;

  wrap =
    super:
    let
      original = super.fetchurl;
      arguments = tryEval (super.lib.functionArgs original);
    in
    if !(super ? fetchurl) then
      { }
    else
      {
        fetchurl =
          (if isAttrs original then original else { })
          // {
            __functor = _: args: observe (original args);
          }
          // (
            if super ? lib && super.lib ? functionArgs && arguments.success then
              { __functionArgs = arguments.value; }
            else
              { }
          );
      };

  imported = import tree;
  wanted = if isFunction imported then functionArgs imported else { };
  overlaid = wanted ? overlays || wanted == { };
  # Before nixpkgs 17.03 there were no overlays, but config.packageOverrides.
  arguments =
    if overlaid then
      {
        inherit system config;
        overlays = [ (self: super: wrap super) ];
      }
    else
      {
        inherit system;
        config = config // {
          packageOverrides = super: (config.packageOverrides or (_: { })) super // wrap super;
        };
      };
  pkgs = if isFunction imported then imported arguments else imported;

  lookup = path: foldl' (set: name: set.${name}) pkgs path;

  entered =
    path: value:
    isAttrs value
    && (path == [ ] || value.recurseForDerivations or false == true || elem path sets);

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
    if isAttrs value && checked path (value.type or null) == "derivation" then
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
