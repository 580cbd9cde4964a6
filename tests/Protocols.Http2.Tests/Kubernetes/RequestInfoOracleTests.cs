using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes;

/// <summary>The API server's reading once more, in the plainest way: the path decoded as a whole, then split. Whatever is certain here must be what the server reads.</summary>
public sealed class RequestInfoOracleTests
{
    private static readonly Gen<string> Segment = Gen.OneOf(
        "api", "apis", "v1", "namespaces", "watch", "proxy", "pods", "secrets", "exec", "status", "finalize", "x", "shop", "a%2fb", "%70ods", "%2e%2e", "..", "", "a:b", "x%20y", "n%61mespaces", "%77atch", "A", "a;b", "%25");

    private static readonly Gen<string> Path =
        Gen.Select(Gen.OneOf("/api/v1", "/apis/apps/v1", "/%61pi/v1", "/apis/apps", "/", "//api/v1", "/api"), Segment.Array[0, 8], Gen.OneOf("", "", "/"), (start, rest, end) => start + string.Concat(rest.Select(s => $"/{s}")) + end);

    [Fact]
    public void What_is_certain_is_what_the_server_reads() =>
        Gen.Select(Gen.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), Path).Sample(
            (method, path) =>
            {
                byte[] target = Encoding.UTF8.GetBytes(path);
                RequestInfo info = RequestInfo.Parse(Encoding.ASCII.GetBytes(method), target, false, new byte[target.Length * 2]);
                (string verb, string space, string resource, string subresource, string name)? server = Server(method, path);
                if (info.Problem != RequestProblem.None)
                    return;
                if (!info.IsResource)
                {
                    // Of a path that could be a resource's to the server, no rule may be certain.
                    bool certain = HttpPath.Normalise(info.Path, new byte[target.Length], out _);
                    Assert.False(certain && server is not null, path);
                    return;
                }

                Assert.NotNull(server);
                bool connects = server.Value.verb == "proxy" || server.Value.subresource is "exec" or "proxy";
                Assert.Equal(connects ? Verb.KubeConnect : VerbOf(server.Value.verb), info.Verb);
                string subresource = server.Value.verb == "proxy" ? "proxy" : server.Value.subresource;
                Assert.Equal((server.Value.space, server.Value.resource, subresource, server.Value.name), (Text(info.Namespace), Text(info.Resource), Text(info.Subresource), Text(info.Name)));
            },
            iter: 30000);

    private static (string Verb, string Space, string Resource, string Subresource, string Name)? Server(string method, string path)
    {
        string[] parts = Uri.UnescapeDataString(path).Trim('/') is { Length: > 0 } trimmed ? trimmed.Split('/') : [];
        if (parts.Length < 3 || parts[0] is not ("api" or "apis") || (parts[0] == "apis" && parts.Length < 4))
            return null;
        parts = parts[(parts[0] == "api" ? 2 : 3)..];
        string verb = method switch { "POST" => "create", "GET" or "HEAD" => "get", "PUT" => "update", "PATCH" => "patch", "DELETE" => "delete", _ => "" };
        if (parts[0] is "proxy" or "watch")
        {
            if (parts.Length < 2)
                return ("", "", "", "", "");
            // A watch by another method than GET is one that no server has.
            verb = parts[0] == "proxy" || verb == "get" ? parts[0] : "";
            parts = parts[1..];
        }

        string space = "";
        if (parts[0] == "namespaces" && parts.Length > 1)
        {
            space = parts[1];
            if (parts.Length > 2 && parts[2] is not ("status" or "finalize"))
                parts = parts[2..];
        }

        string subresource = parts.Length >= 3 && verb != "proxy" ? parts[2] : "";
        string name = parts.Length >= 2 ? parts[1] : "";
        verb = name.Length > 0 ? verb : verb switch { "get" => "list", "delete" => "deletecollection", _ => verb };
        return (verb, space, parts[0], subresource, name);
    }

    private static Verb VerbOf(string verb) => verb switch
    {
        "get" => Verb.KubeGet,
        "list" => Verb.KubeList,
        "watch" => Verb.KubeWatch,
        "create" => Verb.KubeCreate,
        "update" => Verb.KubeUpdate,
        "patch" => Verb.KubePatch,
        "delete" => Verb.KubeDelete,
        "deletecollection" => Verb.KubeDeleteCollection,
        _ => Verb.Unknown,
    };

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
