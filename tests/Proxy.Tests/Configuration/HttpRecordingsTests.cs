using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary>Which bodies a target's recordings hold.</summary>
public sealed class HttpRecordingsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public HttpRecordingsTests()
    {
        Directory.CreateDirectory(_directory["policies"]);
        Proxy.Identity.LocalKey.Create(_directory["local.pem"]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", HttpRecordedBodies.None, 1 << 20)]
    [InlineData("recordings: { bodies: none }", HttpRecordedBodies.None, 1 << 20)]
    [InlineData("recordings: { bodies: requests, max-body: 64KiB }", HttpRecordedBodies.Requests, 64 << 10)]
    [InlineData("recordings: { bodies: all }", HttpRecordedBodies.All, 1 << 20)]
    public void They_are_as_the_target_says(string recordings, HttpRecordedBodies bodies, int most)
    {
        TargetConfig? target = Read(recordings, out string diagnostics);
        Assert.Equal("", diagnostics);
        HttpTargetConfig http = target!.Http!;
        Assert.Equal((bodies, most), (http.RecordedBodies, http.RecordedBodyBytes));
    }

    [Theory]
    [InlineData("recordings: { bodies: responses }", "none of")]
    [InlineData("recordings: { bodies: all, max-body: 1GB }", "64 MiB")]
    [InlineData("recordings: { bodys: all }", "bodys")]
    public void Mistakes_are_told(string recordings, string told)
    {
        Read(recordings, out string diagnostics);
        Assert.Contains(told, diagnostics, StringComparison.Ordinal);
    }

    private TargetConfig? Read(string recordings, out string diagnostics)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(
            _directory.Write("sallyport.yaml", $$"""
                identity: { local: { issuer: "https://local", key: local.pem } }
                listeners: [{ name: web, protocol: http, address: "127.0.0.1:0", plaintext: loopback-only }]
                targets:
                  api:
                    protocol: http
                    address: "127.0.0.1:8080"
                    tls: { mode: disable }
                    {{recordings}}
                policies: policies
                recordings: { enabled: false }
                """),
            bag);
        diagnostics = string.Join('\n', bag.Items);
        return config?.Targets[0];
    }
}
