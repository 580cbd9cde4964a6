using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>
/// What a path below <c>/api</c> or <c>/apis</c> names: <c>/apis/GROUP/VERSION[/namespaces/SPACE]/RESOURCE[/NAME[/SUBRESOURCE[/REST]]]</c>
/// (Kubernetes API concepts, "Resource URIs").
/// </summary>
internal sealed record ApiRequest(string Group, string Version, string? Namespace, string Resource, string? Name, string? Subresource, string Rest)
{
    /// <summary>Null where the path names no resource.</summary>
    public static ApiRequest? Parse(string path)
    {
        string[] parts = path.Split('/');
        // parts[0] is empty: every path begins with a slash.
        int at;
        string group, version;
        switch (parts)
        {
            case ["", "api", _, not "", ..]:
                (group, version, at) = ("", parts[2], 3);
                break;
            case ["", "apis", _, _, not "", ..]:
                (group, version, at) = (parts[2], parts[3], 4);
                break;
            default:
                return null;
        }

        string? space = null;
        // "namespaces/shop" and "namespaces/shop/status" are of the namespace itself; anything longer is in it.
        if (parts[at] == "namespaces" && parts.Length > at + 2 && !(parts.Length == at + 3 && parts[at + 2] is "status" or "finalize"))
        {
            space = parts[at + 1];
            at += 2;
        }

        return new ApiRequest(
            group,
            version,
            space,
            parts[at],
            Part(parts, at + 1),
            Part(parts, at + 2),
            parts.Length > at + 3 ? string.Join('/', parts[(at + 3)..]) : "");
    }

    /// <summary>The path of a request as the client wrote it, without the query.</summary>
    public static (string Path, string Query) Target(HttpContext context)
    {
        string raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        int query = raw.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? (raw, "") : (raw[..query], raw[query..]);
    }

    /// <summary>A Boolean of a query as the API server reads it: what is there is a yes, unless it says no. python3-kubernetes says <c>True</c>.</summary>
    public static bool IsTrue(StringValues value) => value.Count > 0 && value[0] is not "0" && !string.Equals(value[0], "false", StringComparison.OrdinalIgnoreCase);

    private static string? Part(string[] parts, int at) => at < parts.Length && parts[at].Length > 0 ? Uri.UnescapeDataString(parts[at]) : null;
}
