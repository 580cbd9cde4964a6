using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>Paths in commands. The directory that relative ones start from is not known: they stay relative.</summary>
internal static class ShellPaths
{
    /// <summary>Adds an effect on a path, without <c>.</c> components and doubled slashes.</summary>
    /// <returns>False: it has <c>..</c> in it, which leads elsewhere behind a symbolic link; it is kept.</returns>
    public static bool Add(ShellEffects effects, Verb verb, ReadOnlySpan<byte> path, ObjectFlags flags = ObjectFlags.None)
    {
        effects.Begin();
        bool plain = true, first = true;
        if (path.StartsWith("/"u8))
            effects.Append("/"u8);
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? path : path[..slash];
            path = slash < 0 ? default : path[(slash + 1)..];
            if (component.IsEmpty || component.SequenceEqual("."u8))
                continue;
            plain &= !component.SequenceEqual(".."u8);
            if (!first)
                effects.Append("/"u8);
            effects.Append(component);
            first = false;
        }

        effects.End(verb, flags: flags);
        return plain;
    }

    /// <summary>Adds an effect on a path that starts at the account's home directory when it is relative: <c>~/x</c> then.</summary>
    /// <returns>False: it has <c>..</c> in it, or starts at another's home; nothing of it can be trusted.</returns>
    public static bool AddFromHome(ShellEffects effects, Verb verb, ReadOnlySpan<byte> path, ObjectFlags flags = ObjectFlags.None)
    {
        if (path.StartsWith("/"u8))
            return Add(effects, verb, path, flags);
        if (path.StartsWith("~/"u8))
            path = path[2..];
        else if (path.SequenceEqual("~"u8))
            path = default;
        else if (path.StartsWith("~"u8))
            return false;
        effects.Begin();
        effects.Append("~"u8);
        bool plain = true;
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? path : path[..slash];
            path = slash < 0 ? default : path[(slash + 1)..];
            if (component.IsEmpty || component.SequenceEqual("."u8))
                continue;
            plain &= !component.SequenceEqual(".."u8);
            effects.Append("/"u8);
            effects.Append(component);
        }

        effects.End(verb, flags: flags);
        return plain;
    }
}
