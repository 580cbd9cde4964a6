using System.Buffers;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>
/// A request target (RFC 9112 3.2), taken apart. Whether a path is well-formed beyond its characters, and what it means, is said where paths are read;
/// here it is a run of visible ASCII without a fragment.
/// </summary>
internal readonly ref struct H1Target
{
    private static readonly SearchValues<byte> TargetBytes = SearchValues.Create([.. Enumerable.Range(0x21, 0x7f - 0x21).Where(static b => b != '#').Select(static b => (byte)b)]);

    private H1Target(H1TargetForm form, ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path)
    {
        Form = form;
        Authority = authority;
        Path = path;
    }

    public H1TargetForm Form { get; }

    /// <summary>Of an absolute-form or authority-form target; empty otherwise.</summary>
    public ReadOnlySpan<byte> Authority { get; }

    /// <summary>Path and query. Of an absolute-form target it may be empty, or begin with the query.</summary>
    public ReadOnlySpan<byte> Path { get; }

    /// <param name="secure">The connection is under TLS.</param>
    public static HttpViolation? TryParse(ReadOnlySpan<byte> method, ReadOnlySpan<byte> text, bool secure, out H1Target target)
    {
        target = default;
        bool isConnect = method.SequenceEqual("CONNECT"u8);
        if (text.IsEmpty || text.ContainsAnyExcept(TargetBytes))
            return H1Faults.Target;
        if (isConnect)
        {
            if (!FieldRules.IsAuthority(text, needsPort: true))
                return H1Faults.Target;
            target = new H1Target(H1TargetForm.Authority, text, default);
            return null;
        }

        if (text[0] == '/')
        {
            target = new H1Target(H1TargetForm.Origin, default, text);
            return null;
        }

        if (text.SequenceEqual("*"u8))
        {
            if (!method.SequenceEqual("OPTIONS"u8))
                return H1Faults.Target;
            target = new H1Target(H1TargetForm.Asterisk, default, text);
            return null;
        }

        return Absolute(text, secure, out target);
    }

    private static HttpViolation? Absolute(ReadOnlySpan<byte> text, bool secure, out H1Target target)
    {
        target = default;
        int scheme = text.IndexOf("://"u8);
        if (scheme < 0)
            return H1Faults.Target;
        bool isSecure = FieldRules.EqualsIgnoringCase(text[..scheme], "https"u8);
        if (!isSecure && !FieldRules.EqualsIgnoringCase(text[..scheme], "http"u8))
            return H1Faults.Target;

        ReadOnlySpan<byte> rest = text[(scheme + 3)..];
        int end = rest.IndexOfAny((byte)'/', (byte)'?');
        end = end < 0 ? rest.Length : end;
        if (!FieldRules.IsAuthority(rest[..end]))
            return H1Faults.Target;
        target = new H1Target(H1TargetForm.Absolute, rest[..end], rest[end..]);
        return isSecure == secure ? null : H1Faults.Scheme;
    }
}
