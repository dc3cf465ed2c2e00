# What can be evaluated. Each gives a set:
#
#   value     a package set, or a derivation
#   start     optional: the attribute paths to visit instead of all names of value
#   resolve   optional: the path in value that an attribute path of the user's means
{
  load, # import, or what stands in for it
  system,
  config,
  overlay,
  fetched, # see fetchers.nix
}:

let
  inherit (builtins)
    attrNames
    concatMap
    filter
    functionArgs
    head
    intersectAttrs
    isAttrs
    isFunction
    isList
    mapAttrs
    removeAttrs
    substring
    tail
    ;

  # What nixpkgs is called with. Before 17.03 there were no overlays, but
  # config.packageOverrides.
  packageSet =
    imported:
    let
      wanted = functionArgs imported;
      overlaid = wanted ? overlays || wanted == { };
      overrides = super: (config.packageOverrides or (_: { })) super // overlay { } super;
    in
    imported (
      if overlaid then
        {
          inherit system config;
          overlays = [ overlay ];
        }
      else
        {
          inherit system;
          config = config // {
            packageOverrides = overrides;
          };
        }
    );

  # As nix-build calls a function: with the arguments that it names.
  called =
    value:
    if isFunction value && functionArgs value != { } then
      value (intersectAttrs (functionArgs value) { inherit system; })
    else
      value;
in
{
  tree =
    path:
    let
      imported = load path;
    in
    {
      value = if isFunction imported then packageSet imported else imported;
    };

  file = path: { value = called (load path); };

  expression = value: { value = called value; };

  # A NixOS configuration. What NixOS itself is told comes in a module.
  nixos = tree: file: {
    value = load (tree + "/nixos") {
      inherit system;
      configuration = {
        imports = [
          file
          (
            { options, ... }:
            {
              config.nixpkgs =
                (if config == { } then { } else { inherit config; })
                // (if options.nixpkgs ? overlays then { overlays = [ overlay ]; } else { });
            }
          )
        ];
      };
    };
    start = [ [ "system" ] ];
  };

  # A flake, as Nix's call-flake.nix has it, but for where inputs come from:
  # from fetched, or from folders of this machine. lock is flake.lock, with what
  # granary knows of each node in "granary".
  flake =
    {
      source, # the folder that is the flake's source
      dir, # below it: where flake.nix is
      info, # what is known of the source: rev and the like
      lock, # null: there is none
    }:
    let
      copied =
        path:
        builtins.path {
          inherit path;
          name = "source";
        };

      root = lock.root or "root";
      resolve = spec: if isList spec then follow root spec else spec;
      follow =
        node: path:
        if path == [ ] then
          node
        else
          follow (resolve lock.nodes.${node}.inputs.${head path}) (tail path);

      joined = base: path: if path == "" then base else "${base}/${path}";

      nodes = mapAttrs (
        key: node:
        let
          locked = node.locked or { };
          path = locked.path or "";
          local = locked.type or "" == "path";
          below = local && substring 0 1 path != "/";
          parent = nodes.${follow root (node.parent or [ ])};
          outPath =
            if local then copied (/. + path) else fetched "flake input" lock.granary.${key}.fetch;
          tree = if below then parent.tree else lock.granary.${key}.info // { inherit outPath; };
          base = if below then joined parent.outPath path else tree.outPath;
        in
        callNode tree (joined base (locked.dir or "")) (node.flake or true) (node.inputs or { })
      ) (removeAttrs (lock.nodes or { }) [ root ])
      // {
        ${root} = callNode (info // { outPath = copied source; }) (joined (copied source) dir) true (
          lock.nodes.${root}.inputs or { }
        );
      };

      callNode =
        tree: outPath: isFlake: specs:
        let
          flake = load (outPath + "/flake.nix");
          inputs = mapAttrs (_: spec: nodes.${resolve spec}.result) specs;
          outputs = flake.outputs (inputs // { self = result; });
          result =
            outputs
            // tree
            // {
              inherit outPath inputs outputs;
              sourceInfo = tree;
              _type = "flake";
            };
        in
        {
          inherit tree outPath flake;
          result = if isFlake then result else tree // { inherit outPath; sourceInfo = tree; };
        };

      inherit (nodes.${root}) flake result;
      unlocked =
        flake.inputs or { } != { } || removeAttrs (functionArgs flake.outputs) [ "self" ] != { };
      value =
        if lock == null && unlocked then
          throw "flake.nix has inputs and there is no flake.lock: nix flake lock makes it"
        else
          result.outputs;

      perSystem = [
        "packages"
        "legacyPackages"
        "checks"
        "devShells"
        "defaultPackage"
        "devShell"
      ];
      has =
        set: path:
        path == [ ] || isAttrs set && set ? ${head path} && has set.${head path} (tail path);
      toplevel = name: [ "nixosConfigurations" name "config" "system" "build" "toplevel" ];
      # What Nix looks for, and of a NixOS configuration its system.
      meant =
        path:
        filter (has value) [
          ([ "packages" system ] ++ path)
          ([ "legacyPackages" system ] ++ path)
          path
        ];
    in
    {
      inherit value;
      start =
        filter (has value) (map (name: [ name system ]) perSystem)
        ++ map toplevel (attrNames (value.nixosConfigurations or { }));
      resolve =
        path:
        if meant path == [ ] then
          null
        else if builtins.length path == 2 && head path == "nixosConfigurations" then
          toplevel (head (tail path))
        else
          head (meant path);
    };
}
