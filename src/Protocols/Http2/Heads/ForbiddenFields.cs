namespace Sallyport.Protocols.Http2.Heads;

/// <summary>What becomes of a field that a client sends towards a target.</summary>
internal enum FieldVerdict : byte
{
    Pass,

    /// <summary>Taken away; the request goes on without it.</summary>
    Strip,

    /// <summary>The request is refused.</summary>
    Refuse,
}

/// <summary>
/// The one table of fields by which a client could tell a target who it is, where it comes from, or that the request is another than the one that was judged. Whoever sends one of the first or the last kind asks for something
/// that only we may say: refused, so that it is seen. Those of the second are added by honest proxies and clients of their own: taken away, and set anew where a target is to have them.
/// <para>
/// Names are compared as the least careful server reads them: case is nothing, and every character that is not a letter or a digit is one (CGI and what grew from it make <c>_</c> of <c>-</c>, others of <c>.</c>, too).
/// Judged is what the client sends, before anything of ours is set, so nothing of ours is ever taken for the client's.
/// </para>
/// </summary>
internal static class ForbiddenFields
{
    private const int Longest = 96;

    // Exact names, and with a star at the end what begins so. By first letter, since most fields have none that matters.
    private static readonly Rule[][] Rules = Compile(
        (FieldVerdict.Refuse,
        [
            // Kubernetes: user impersonation, and the aggregation layer's request headers.
            "impersonate-*", "x-remote-user*", "x-remote-group*", "x-remote-uid*", "x-remote-extra-*", "remote-user", "remote-group", "remote-groups", "remote-email", "remote-name",

            // Who a proxy before us would say that it is: oauth2-proxy, Authelia, Traefik, Apache, nginx and others.
            "x-forwarded-user*", "x-forwarded-groups*", "x-forwarded-group*", "x-forwarded-email*", "x-forwarded-preferred-username*", "x-forwarded-access-token", "x-forwarded-id-token", "x-forwarded-identity*",
            "x-auth-request-*", "x-authenticated-*", "x-auth-user*", "x-auth-email*", "x-auth-groups*", "x-webauth-*", "x-authentik-*", "x-vouch-*", "x-token-subject", "x-token-user-*", "x-credential-username",
            "x-consumer-*", "x-goog-authenticated-user-*", "x-goog-iap-*", "cf-access-*", "x-amzn-oidc-*", "x-ms-client-principal*", "x-ms-token-*", "x-pomerium-*", "tailscale-user-*", "x-teleport-*", "teleport-jwt-*", "x-warpgate-*",
            "x-sallyport-*",

            // A client's certificate as somebody else saw it (RFC 9440 and its forerunners).
            "client-cert*", "x-client-cert*", "x-forwarded-client-cert*", "x-forwarded-tls-client-cert*", "x-ssl-client*", "ssl-client*", "x-ssl-cert*", "x-tls-client*", "x-amzn-mtls-*", "x-arr-clientcert",

            // Another request than the one that was judged.
            "x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-original-uri", "x-original-method", "x-original-host", "x-rewrite-url", "x-override-url", "x-forwarded-uri", "x-forwarded-method",
            "x-accel-*", "x-sendfile*",
        ]),
        (FieldVerdict.Strip,
        [
            // Where it comes from (RFC 7239 and its forerunners).
            "forwarded", "x-forwarded", "x-forwarded-for*", "x-forwarded-by", "x-forwarded-host*", "x-forwarded-port*", "x-forwarded-proto*", "x-forwarded-protocol", "x-forwarded-scheme", "x-forwarded-ssl", "x-forwarded-server",
            "x-forwarded-prefix", "x-forwarded-path", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip*", "fastly-client-ip", "x-originating-ip", "x-remote-ip", "x-remote-addr", "client-ip",
            "x-envoy-external-address", "x-envoy-internal", "x-host", "x-scheme", "x-url-scheme", "front-end-https",

            // CGI makes of it the variable by which programs find their proxy (CVE-2016-5385).
            "proxy",
        ]));

    private readonly record struct Rule(byte[] Name, bool IsPrefix, FieldVerdict Verdict);

    /// <summary>What becomes of a field that a client sends.</summary>
    public static FieldVerdict Judge(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return FieldVerdict.Pass;
        int letter = (name[0] | 0x20) - 'a';
        Rule[] rules = (uint)letter < (uint)Rules.Length ? Rules[letter] : [];
        if (rules.Length == 0)
            return FieldVerdict.Pass;

        // Of a longer name the beginning decides: no exact one is so long.
        Span<byte> folded = stackalloc byte[Longest];
        int length = Math.Min(name.Length, Longest);
        for (int i = 0; i < length; i++)
            folded[i] = Fold(name[i]);
        folded = folded[..length];
        foreach (ref readonly Rule rule in rules.AsSpan())
        {
            if (rule.IsPrefix ? folded.StartsWith(rule.Name) : name.Length == rule.Name.Length && folded.SequenceEqual(rule.Name))
                return rule.Verdict;
        }

        return FieldVerdict.Pass;
    }

    /// <summary>Whether two names would be one to a server that makes one of all punctuation and of all cases.</summary>
    public static bool AreAlike(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
            return false;
        for (int i = 0; i < left.Length; i++)
        {
            if (Fold(left[i]) != Fold(right[i]))
                return false;
        }

        return true;
    }

    private static byte Fold(byte c) => c switch
    {
        >= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9' => c,
        >= (byte)'A' and <= (byte)'Z' => (byte)(c | 0x20),
        _ => (byte)'-',
    };

    private static Rule[][] Compile(params (FieldVerdict Verdict, string[] Names)[] table)
    {
        var rules = new List<Rule>[26];
        for (int i = 0; i < rules.Length; i++)
            rules[i] = [];
        foreach ((FieldVerdict verdict, string[] names) in table)
        {
            foreach (string name in names)
                rules[name[0] - 'a'].Add(new Rule(System.Text.Encoding.ASCII.GetBytes(name.TrimEnd('*')), name.EndsWith('*'), verdict));
        }

        return [.. rules.Select(r => r.ToArray())];
    }
}
