using System.Text;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>A signed message in a query (SAML bindings 3.4.4.1).</summary>
/// <param name="Signed">The characters that are signed: the parameters as they were sent, in the order the binding prescribes.</param>
/// <param name="Message">DEFLATE in base64.</param>
internal sealed record SamlSignedQuery(string Signed, string Message, string Algorithm, byte[] Signature, string? RelayState)
{
    /// <summary>Reads a query; null with the word for it.</summary>
    /// <param name="parameter">The name of the message's parameter: a request is not a response.</param>
    public static SamlSignedQuery? Read(string query, string parameter, out string? refusal)
    {
        refusal = query.Length > SamlLimits.LongestMessage ? SamlRefusals.TooLarge : null;
        if (refusal is not null || Parameters(query, out refusal) is not { } raw)
            return null;

        refusal = SamlRefusals.Structure;
        string other = parameter == "SAMLRequest" ? "SAMLResponse" : "SAMLRequest";
        if (!raw.TryGetValue(parameter, out string? message) || raw.ContainsKey(other)
            || (raw.TryGetValue("SAMLEncoding", out string? encoding) && Unescape(encoding) != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"))
            return null;
        refusal = SamlRefusals.Unsigned;
        if (!raw.TryGetValue("SigAlg", out string? algorithm) || !raw.TryGetValue("Signature", out string? signature))
            return null;

        bool relayed = raw.TryGetValue("RelayState", out string? relayState);
        var signed = new StringBuilder($"{parameter}={message}");
        if (relayed)
            signed.Append("&RelayState=").Append(relayState);
        signed.Append("&SigAlg=").Append(algorithm);
        refusal = SamlRefusals.Malformed;
        return SamlBase64.Decode(Unescape(signature)) is not { } value
            ? null
            : new SamlSignedQuery(signed.ToString(), Unescape(message), Unescape(algorithm), value, relayed ? Unescape(relayState!) : null);
    }

    /// <summary>The parameters, escaped as they came; none twice, as two readers may take one each.</summary>
    private static Dictionary<string, string>? Parameters(string query, out string? refusal)
    {
        Dictionary<string, string> raw = new(StringComparer.Ordinal);
        refusal = SamlRefusals.Malformed;
        foreach (string pair in query.TrimStart('?').Split('&', 17))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (raw.Count == 16 || equals <= 0 || !System.Text.Ascii.IsValid(pair) || !raw.TryAdd(Unescape(pair[..equals]), pair[(equals + 1)..]))
                return null;
        }

        refusal = null;
        return raw;
    }

    private static string Unescape(string escaped) => Uri.UnescapeDataString(escaped.Replace('+', ' '));
}
