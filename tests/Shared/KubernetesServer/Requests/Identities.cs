using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>
/// Who a request is of, as kube-apiserver decides it: a client certificate, a bearer token; then whom it is to be taken for
/// (Kubernetes, "User impersonation"). Nobody is anonymous here: without a credential the answer is 401.
/// </summary>
internal sealed class Identities(ClusterAuthority authority)
{
    private readonly ConcurrentDictionary<string, SeenUser> _tokens = new(StringComparer.Ordinal);

    /// <summary>Lets a token in, from now on.</summary>
    public void Add(string token, SeenUser user) => _tokens[token] = user;

    /// <summary>Lets it in no longer.</summary>
    public void Remove(string token) => _tokens.TryRemove(token, out _);

    /// <summary>Sets <see cref="SeenRequest.User"/> and <see cref="SeenRequest.Impersonated"/>.</summary>
    /// <exception cref="ApiException">401, 403 or 500, as kube-apiserver.</exception>
    public void Identify(HttpContext context, SeenRequest seen)
    {
        seen.User = OfCertificate(context.Connection.ClientCertificate) ?? OfToken(context.Request) ?? throw ApiException.Unauthorized();
        seen.Impersonated = Impersonated(context.Request, seen.User);
    }

    /// <summary>Whom the request acts as.</summary>
    public static SeenUser Acting(SeenRequest seen) => seen.Impersonated ?? seen.User ?? throw ApiException.Unauthorized();

    private SeenUser? OfCertificate(X509Certificate2? certificate)
    {
        if (certificate is null || !authority.Signed(certificate))
            return null;
        List<string> groups = [];
        string? name = null;
        foreach (X500RelativeDistinguishedName part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (part.GetSingleElementType().Value == "2.5.4.10")
                groups.Add(part.GetSingleElementValue() ?? "");
            else if (part.GetSingleElementType().Value == "2.5.4.3")
                name = part.GetSingleElementValue();
        }

        return name is null ? null : new SeenUser(name, null, [.. groups, "system:authenticated"], new Dictionary<string, string[]>());
    }

    private SeenUser? OfToken(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && _tokens.TryGetValue(header[7..].Trim(), out SeenUser? user))
            return user;
        // Browsers cannot set headers on a WebSocket: "base64url.bearer.authorization.k8s.io.TOKEN" among the protocols offered.
        const string Prefix = "base64url.bearer.authorization.k8s.io.";
        foreach (string protocol in request.Headers.SecWebSocketProtocol.SelectMany(p => (p ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            if (protocol.StartsWith(Prefix, StringComparison.Ordinal)
                && _tokens.TryGetValue(System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(protocol.AsSpan(Prefix.Length))), out user))
                return user;
        }

        return null;
    }

    private static SeenUser? Impersonated(HttpRequest request, SeenUser by)
    {
        string name = request.Headers["Impersonate-User"].ToString();
        string[] groups = [.. request.Headers["Impersonate-Group"].Select(g => g ?? "")];
        string uid = request.Headers["Impersonate-Uid"].ToString();
        var extra = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach ((string header, Microsoft.Extensions.Primitives.StringValues values) in request.Headers)
        {
            if (header.StartsWith("Impersonate-Extra-", StringComparison.OrdinalIgnoreCase))
                extra[Uri.UnescapeDataString(header["Impersonate-Extra-".Length..].ToLowerInvariant())] = [.. values.Select(v => v ?? "")];
        }

        if (name.Length == 0)
        {
            if (groups.Length > 0 || uid.Length > 0 || extra.Count > 0)
                throw new ApiException(500, "InternalError", $"Internal error occurred: requested [{groups.Length} groups] without impersonating a user");
            return null;
        }

        if (!by.Groups.Contains("system:masters") && !by.Groups.Contains("impersonators"))
            throw ApiException.Forbidden($"users \"{name}\" is forbidden: User \"{by.Name}\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope");
        if (!groups.Contains("system:authenticated") && name != "system:anonymous")
            groups = [.. groups, "system:authenticated"];
        return new SeenUser(name, uid.Length > 0 ? uid : null, groups, extra);
    }
}
