namespace Sallyport.Policy.Matching;

/// <summary>A path as patterns look at it: worked out once for all of them.</summary>
internal readonly ref struct PathName
{
    /// <param name="path">As the effect names it.</param>
    /// <param name="below">It means all that lies below it too.</param>
    /// <param name="home">The account's home directory; empty when it is not known.</param>
    public PathName(ReadOnlySpan<byte> path, bool below = false, ReadOnlySpan<byte> home = default)
    {
        Below = below;
        IsAbsolute = path is [(byte)'/', ..];
        IsHome = path is [(byte)'~'] or [(byte)'~', (byte)'/', ..];
        Rest = path[(IsAbsolute || IsHome ? 1 : 0)..];
        int parent = PathComponents.EndOfLastParent(Rest);
        IsRooted = parent == 0 && (IsAbsolute || IsHome);
        IsNormalised = IsRooted && PathComponents.IsNormalised(IsHome && Rest.Length > 0 ? Rest[1..] : Rest);
        // Of "~jane/x" the home directory is not known.
        if (parent == 0 && !IsRooted && path is [(byte)'~', ..])
            parent = path.IndexOf((byte)'/') is var slash and >= 0 ? slash : path.Length;
        Tail = Rest[parent..];
        home = home.TrimEnd((byte)'/');
        IsBelowHome = home.Length > 0 && IsAbsolute && IsNormalised && path.StartsWith(home) && (path.Length == home.Length || path[home.Length] == '/');
        HomeRest = IsBelowHome ? path[home.Length..] : Rest;
    }

    /// <summary>Stands for itself and for whatever lies below it.</summary>
    public bool Below { get; }

    /// <summary>Begins with a slash.</summary>
    public bool IsAbsolute { get; }

    /// <summary>Begins at the home directory of the account.</summary>
    public bool IsHome { get; }

    /// <summary>Is absolute, and lies in the account's home directory, which is known.</summary>
    public bool IsBelowHome { get; }

    /// <summary>The components behind the home directory, for a path that lies in it.</summary>
    public ReadOnlySpan<byte> HomeRest { get; }

    /// <summary>Begins at a place that is known, and leads up from nowhere.</summary>
    public bool IsRooted { get; }

    /// <summary>Is rooted, and has neither <c>.</c> nor double slashes.</summary>
    public bool IsNormalised { get; }

    /// <summary>The components.</summary>
    public ReadOnlySpan<byte> Rest { get; }

    /// <summary>The components that are certain whatever stands before: a current directory, another's home, where a link leads up from.</summary>
    public ReadOnlySpan<byte> Tail { get; }
}
