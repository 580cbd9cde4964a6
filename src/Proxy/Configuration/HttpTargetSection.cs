using System.Collections.Immutable;
using Sallyport.Contract;
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

    /// <summary>How the target is told who people are; null: it is not.</summary>
    public HttpImpersonation? Impersonation { get; init; }

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

    /// <summary>Fields that steer the connection: a credential in one of them would break it.</summary>
    private static readonly string[] NotForCredentials =
        ["host", "connection", "keep-alive", "proxy-connection", "content-length", "content-type", "transfer-encoding", "upgrade", "te", "trailer", "expect", "http2-settings", "accept", "user-agent"];

    /// <summary>How the fields begin that say who somebody is.</summary>
    private const string Identities = "impersonate-";

    /// <summary>Kinds of credentials of targets of the store.</summary>
    private static readonly Dictionary<string, HttpCredentialKind> Kinds = new(StringComparer.Ordinal)
    {
        ["bearer"] = HttpCredentialKind.Bearer,
        ["basic"] = HttpCredentialKind.Basic,
        ["header"] = HttpCredentialKind.Header,
        ["none"] = HttpCredentialKind.None,
    };

    public static TargetConfig Read(TargetConfig target, YamlMap map, ConfigFiles files, bool isKubernetes)
    {
        var http = new HttpTargetConfig
        {
            IsKubernetes = isKubernetes,
            Hosts = [.. map.Texts("hosts", 253, MostHosts).Select(text => Host(map, text))],
            PlainHttp2 = map.Bool("plain-http2") ?? false,
            McpPaths = [.. map.Texts("mcp", 255, MostMcpPaths).Select(text => McpPath(map, text, isKubernetes))],
        };
        http = http with { Impersonation = Impersonation(map, isKubernetes) };
        if (map.Map("tls") is { } tls)
        {
            target = TargetSection.WithTls(target, tls, files.Optional(tls, "ca"));
            http = http with { Certificate = files.Optional(tls, "certificate"), Key = files.Optional(tls, "key") };
            if (http.Certificate is null != http.Key is null)
                tls.Error("certificate", "A client certificate needs both \"certificate\" and \"key\".");
            if (http.Certificate is not null && target.TlsMode == TargetTlsMode.Disable)
                tls.Error("certificate", "\"certificate\" has no effect with mode disable.");
        }

        if (http.PlainHttp2 && target.TlsMode != TargetTlsMode.Disable)
            map.Error("plain-http2", "\"plain-http2\" has no effect with TLS, where both sides say what they speak: leave it to targets with \"tls: {mode: disable}\".");

        if (map.Map("recordings") is { } recordings)
            http = WithRecordings(http, recordings);
        if (map.Map("credential") is { } credential)
            (target, http) = WithCredential(target, http, credential, files);
        else if (http.Certificate is null && isKubernetes)
            map.Error("credential", "A Kubernetes target needs a \"credential\", or a client certificate under \"tls\".");
        RefuseExposure(map, target, http);
        return target with { Http = http };
    }

    /// <summary>
    /// Targets of the store: without files, and without a client certificate. The secret is sealed beside the settings; which kind it is of is
    /// <c>credential.kind</c>: <c>bearer</c>, <c>basic</c> with a <c>user</c>, <c>header</c> with a <c>name</c>, or <c>none</c>.
    /// </summary>
    public static TargetConfig ReadStored(TargetConfig target, YamlMap map, bool isKubernetes)
    {
        var http = new HttpTargetConfig
        {
            IsKubernetes = isKubernetes,
            Hosts = [.. map.Texts("hosts", 253, MostHosts).Select(text => Host(map, text))],
            Impersonation = Impersonation(map, isKubernetes),
            PlainHttp2 = map.Bool("plain-http2") ?? false,
        };
        if (map.Map("tls") is { } tls)
            target = TargetSection.WithTls(target, tls, null);
        if (map.RequiredMap("credential") is { } credential && credential.TryWord("kind", Kinds, out HttpCredentialKind kind))
        {
            http = http with { Credential = kind, CredentialHeader = kind == HttpCredentialKind.Header ? FieldName(credential) : "" };
            target = target with { User = kind == HttpCredentialKind.Basic ? UserName(credential) : "" };
            if (kind == HttpCredentialKind.None && isKubernetes)
                credential.Error("kind", "A Kubernetes target of the store needs a credential: bearer, basic or header.");
        }

        RefuseExposure(map, target, http);
        return target with { Http = http };
    }

    /// <summary>A secret that is sent in every request goes to nobody but the target.</summary>
    private static void RefuseExposure(YamlMap map, TargetConfig target, HttpTargetConfig http)
    {
        if (http.Credential == HttpCredentialKind.None || IsLoopback(target.Host))
            return;
        if (target.TlsMode == TargetTlsMode.Disable)
            map.Error("tls", "The credential would cross a network unencrypted: leave \"mode: disable\" to targets on loopback.");
        else if (target.TlsMode == TargetTlsMode.Require)
            map.Error("tls", "The credential would go to whoever answers: use \"mode: verify-full\" or verify-ca, with \"ca\" where the target's certificate is of your own authority.");
    }

    /// <summary><c>true</c>, <c>false</c> or a map of how.</summary>
    private static HttpImpersonation? Impersonation(YamlMap map, bool isKubernetes)
    {
        if (!isKubernetes)
        {
            if (map.Has("impersonate"))
                map.Error("impersonate", "Only Kubernetes understands impersonation.");
            return null;
        }

        if (!map.Has("impersonate"))
            return new HttpImpersonation();
        if (map.IsSingle("impersonate"))
            return map.Bool("impersonate") == false ? null : new HttpImpersonation();
        if (map.Map("impersonate") is not { } how)
            return null;
        string prefix = how.Text("prefix", 64) ?? "";
        if (!HttpImpersonation.IsPrefix(prefix) || prefix.Any(char.IsControl) || prefix.Trim().Length != prefix.Length)
            how.Error("prefix", $"\"{prefix}\" cannot stand before names: what begins with \"{HttpImpersonation.Reserved}\" is the cluster's own. Write one such as \"corp:\".");
        string[] groups = [.. how.Texts("groups", 256, 1000).Select(text => Pattern(how, "groups", text))];
        string[] users = [.. how.Texts("system-users", 256, 1000).Select(text => Pattern(how, "system-users", text))];
        if (users.FirstOrDefault(user => !user.StartsWith(HttpImpersonation.Reserved, StringComparison.Ordinal)) is { } plain)
            how.Error("system-users", $"\"{plain}\" needs no leave: only names that begin with \"{HttpImpersonation.Reserved}\" do.");
        return new HttpImpersonation { Prefix = prefix, Groups = how.Has("groups") ? groups : null, SystemUsers = users };
    }

    private static string Pattern(YamlMap map, string key, YamlText text)
    {
        if (text.Value.TrimEnd('*').Contains('*', StringComparison.Ordinal) || text.Value.EndsWith("**", StringComparison.Ordinal))
            map.Error(key, $"\"{text.Value}\": a star stands at the end only.");
        return text.Value;
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
                return (target with { User = UserName(basic), Password = basic.Require("password") ? Secrets.Read(basic, "password", files) : null }, http with { Credential = HttpCredentialKind.Basic });
            case "header" when map.Map("header") is { } header:
                string name = FieldName(header);
                return (
                    target with { Password = header.Require("value") ? Secrets.Read(header, "value", files) : null },
                    http with { Credential = HttpCredentialKind.Header, CredentialHeader = name });
            default:
                return (target, http);
        }
    }

    private static string UserName(YamlMap map)
    {
        string user = map.RequiredText("user", 255);
        if (user.Contains(':', StringComparison.Ordinal))
            map.Error("user", "A user name of HTTP has no colon.");
        return user;
    }

    private static string FieldName(YamlMap map)
    {
        string name = map.RequiredText("name", 128).ToLowerInvariant();
        bool fits = name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && !NotForCredentials.Contains(name) && !name.StartsWith(Identities, StringComparison.Ordinal);
        if (map.Has("name") && !fits)
            map.Error("name", $"\"{name}\" cannot be the field of a credential.");
        return name;
    }

    private static string Host(YamlMap map, YamlText text)
    {
        System.Net.IPAddress? address = null;
        if (!HostPort.IsName(text.Value) && !System.Net.IPAddress.TryParse(text.Value, out address))
            map.Error("hosts", $"\"{text.Value}\" is no host name: no port, no star, an IPv6 address without brackets.");
        return address?.ToString() ?? text.Value.ToLowerInvariant();
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
