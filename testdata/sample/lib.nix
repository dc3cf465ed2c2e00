# As much of a library as the sample needs, under the names of nixpkgs' lib.
rec {
  inherit (builtins) isAttrs isList isString;

  isFunction = f: builtins.isFunction f || isAttrs f && f ? __functor;
  functionArgs = f: f.__functionArgs or (builtins.functionArgs f);

  fix = f: let x = f x; in x;
  flip = f: a: b: f b a;
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;

  callPackageWith =
    scope: f: args:
    let
      function = if isFunction f then f else import f;
    in
    makeOverridable function (builtins.intersectAttrs (functionArgs function) scope // args);

  # The result of f can be called again with other arguments by .override. A
  # function stays one by __functor, as nixpkgs' fetchurl does.
  makeOverridable =
    f: args:
    let
      result = f args;
      override =
        changes: makeOverridable f (args // (if isFunction changes then changes args else changes));
    in
    if isAttrs result then
      result // { inherit override; }
    else if isFunction result then
      {
        inherit override;
        __functor = _: result;
        __functionArgs = functionArgs result;
      }
    else
      result;

  # drvPath and outPath of the result hold only where condition does.
  extendDerivation =
    condition: passthru: drv:
    let
      names = drv.outputs or [ "out" ];
      output = name: commonAttributes // {
        inherit (drv.${name}) type outputName;
        drvPath = assert condition; drv.${name}.drvPath;
        outPath = assert condition; drv.${name}.outPath;
      };
      outputs = builtins.listToAttrs (
        map (name: { inherit name; value = output name; }) names
      );
      commonAttributes = drv // outputs // passthru // { all = map output names; };
    in
    outputs.${drv.outputName};

  overrideDerivation =
    drv: f:
    extendDerivation true { meta = drv.meta or { }; passthru = drv.passthru or { }; } (
      derivation (drv.drvAttrs // f drv)
    );

  recurseIntoAttrs = set: set // { recurseForDerivations = true; };

  optional = condition: x: if condition then [ x ] else [ ];
  optionalAttrs = condition: set: if condition then set else { };
  optionalString = condition: s: if condition then s else "";
  concatStringsSep = builtins.concatStringsSep;
  concatMapAttrs = f: set: map (name: f name set.${name}) (builtins.attrNames set);

  licenses = {
    mit = { spdxId = "MIT"; free = true; };
    unfree = { shortName = "unfree"; free = false; };
  };

  fetchers.proxyImpureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
}
