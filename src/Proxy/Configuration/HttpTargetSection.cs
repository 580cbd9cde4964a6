using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;

namespace Sallyport.Proxy.Configuration;

/// <summary>What a target that speaks HTTP has beside its address and TLS.</summary>
internal sealed record HttpTargetConfig
{
    public required bool IsKubernetes { get; init; }

    /// <summary>Hosts that lead to it, in lower case. Besides, every host whose first label is its name does.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    public HttpCredentialKind Credential { get; init; }

    public string CredentialHeader { get; init; } = "";

    public bool Impersonates { get; init; }

    /// <summary>A client certificate, and its key (PEM).</summary>
    public ConfigPath? Certificate { get; init; }

    public ConfigPath? Key { get; init; }

    public bool PlainHttp2 { get; init; }

    public HttpRecordedBodies RecordedBodies { get; init; }

    public int RecordedBodyBytes { get; init; } = HttpTarget.DefaultRecordedBodyBytes;

    /// <summary>Paths of MCP servers.</summary>
    public ImmutableArray<string> McpPaths { get; init; } = [];
}

/// <summary>Reads what a target of protocol http or kubernetes has beside its address.</summary>
internal static class HttpTargetSection
{
    private const int MostHosts = 64;
    private const int MostMcpPaths = 16;

    private const int MostRecordedBytes = 64 << 20;

    private static readonly string[] Ways = ["bearer", "basic", "header"];

    /// <summary>Fields that steer the connection or the identity: a credential in one of them would break both.</summary>
    private static readonly string[] NotForCredentials = ["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"];

    public static TargetConfig Read(TargetConfig target, YamlMap map, ConfigFiles files, bool isKubernetes)
    {
        var http = new HttpTargetConfig
        {
            IsKubernetes = isKubernetes,
            Hosts = [.. map.Texts("hosts", 253, MostHosts).Select(text => Host(map, text))],
            Impersonates = map.Bool("impersonate") ?? isKubernetes,
            PlainHttp2 = map.Bool("plain-http2") ?? false,
            McpPaths = [.. map.Texts("mcp", 255, MostMcpPaths).Select(text => McpPath(map, text, isKubernetes))],
        };
        if (http.Impersonates && !isKubernetes)
            map.Error("impersonate", "Only Kubernetes understands impersonation.");
        if (map.Map("tls") is { } tls)
        {
            target = TargetSection.WithTls(target, tls, files.Optional(tls, "ca"));
            http = http with { Certificate = files.Optional(tls, "certificate"), Key = files.Optional(tls, "key") };
            if (http.Certificate is null != http.Key is null)
                tls.Error("certificate", "A client certificate needs both \"certificate\" and \"key\".");
        }

        if (map.Map("recordings") is { } recordings)
            http = WithRecordings(http, recordings);
        if (map.Map("credential") is { } credential)
            (target, http) = WithCredential(target, http, credential, files);
        else if (http.Certificate is null && isKubernetes)
            map.Error("credential", "A Kubernetes target needs a \"credential\", or a client certificate under \"tls\".");
        if (http.Credential != HttpCredentialKind.None && target.TlsMode == Contract.TargetTlsMode.Disable && !IsLoopback(target.Host))
            map.Error("tls", "The credential would cross a network unencrypted: leave \"mode: disable\" to targets on loopback.");
        return target with { Http = http };
    }

    private static HttpTargetConfig WithRecordings(HttpTargetConfig http, YamlMap map)
    {
        http = http with { RecordedBodies = map.Enum<HttpRecordedBodies>("bodies") ?? HttpRecordedBodies.None };
        if (map.Size("max-body") is not { } most)
            return http;
        if (most is < 1 or > MostRecordedBytes)
            map.Error("max-body", "A recorded body has 1 byte to 64 MiB.");
        return http with { RecordedBodyBytes = (int)Math.Clamp(most, 1, MostRecordedBytes) };
    }

    private static (TargetConfig Target, HttpTargetConfig Http) WithCredential(TargetConfig target, HttpTargetConfig http, YamlMap map, ConfigFiles files)
    {
        string[] given = [.. Ways.Where(map.Has)];
        if (given.Length != 1)
        {
            map.Error("", "A credential must have exactly one of bearer, basic, header.");
            return (target, http);
        }

        switch (given[0])
        {
            case "bearer":
                return (target with { Password = Secrets.Read(map, "bearer", files) }, http with { Credential = HttpCredentialKind.Bearer });
            case "basic" when map.Map("basic") is { } basic:
                string user = basic.RequiredText("user", 255);
                if (user.Contains(':', StringComparison.Ordinal))
                    basic.Error("user", "A user name of HTTP has no colon.");
                return (target with { User = user, Password = basic.Require("password") ? Secrets.Read(basic, "password", files) : null }, http with { Credential = HttpCredentialKind.Basic });
            case "header" when map.Map("header") is { } header:
                string name = header.RequiredText("name", 128).ToLowerInvariant();
                if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || NotForCredentials.Contains(name))
                    header.Error("name", $"\"{name}\" cannot be the field of a credential.");
                return (
                    target with { Password = header.Require("value") ? Secrets.Read(header, "value", files) : null },
                    http with { Credential = HttpCredentialKind.Header, CredentialHeader = name });
            default:
                return (target, http);
        }
    }

    private static string Host(YamlMap map, YamlText text)
    {
        if (!HostPort.IsName(text.Value) && !System.Net.IPAddress.TryParse(text.Value, out _))
            map.Error("hosts", $"\"{text.Value}\" is no host name.");
        return text.Value.ToLowerInvariant();
    }

    /// <summary>As policy looks at it: without a slash at its end, and with nothing in it that could be written in another way.</summary>
    private static string McpPath(YamlMap map, YamlText text, bool isKubernetes)
    {
        string path = text.Value.Length > 1 ? text.Value.TrimEnd('/') : text.Value;
        if (isKubernetes)
            map.Error("mcp", "An API server of Kubernetes is no MCP server.");
        else if (path is not ['/', ..] || path.Contains("//", StringComparison.Ordinal) || !path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.' or '~')
            || path.Split('/').Any(part => part is "." or ".."))
            map.Error("mcp", $"\"{text.Value}\" is no path of an MCP server: a path is written plainly, as in /mcp, and has no query.");
        return path;
    }

    private static bool IsLoopback(string host) => host == "localhost" || (System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));
}
