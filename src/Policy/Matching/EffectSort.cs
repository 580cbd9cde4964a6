using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>What the name of an effect's object is, which decides the condition that looks at it.</summary>
internal enum EffectSort
{
    /// <summary>A name, with or without a schema: <c>objects</c>.</summary>
    Name,

    /// <summary>A program and its arguments: <c>commands</c>.</summary>
    Command,

    /// <summary>A file or a directory: <c>paths</c>.</summary>
    Path,

    /// <summary>A host and a port, or a Unix socket: <c>destinations</c>.</summary>
    Destination,
}

/// <summary>The sorts by verb.</summary>
internal static class EffectSorts
{
    public static EffectSort Of(Verb verb) => verb switch
    {
        Verb.Exec or Verb.TerminalCommand => EffectSort.Command,
        >= Verb.FileRead and <= Verb.DirectoryRemove => EffectSort.Path,
        Verb.ForwardLocal or Verb.ForwardRemote => EffectSort.Destination,
        _ => EffectSort.Name,
    };

    /// <summary>The key of the condition that looks at objects of this sort.</summary>
    public static string Key(EffectSort sort) => sort switch
    {
        EffectSort.Command => "commands",
        EffectSort.Path => "paths",
        EffectSort.Destination => "destinations",
        _ => "objects",
    };
}
