using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary><c>approvals</c> as an operator writes it.</summary>
public sealed class ApprovalsSectionTests
{
    [Fact]
    public void It_is_read()
    {
        (ApprovalsConfig config, DiagnosticBag bag) = Read("""
            approvals:
              max-pending: 100
              max-pending-per-subject: 5
              fresh-login: 15m
              webhooks:
                - name: siem
                  url: https://siem.example/hook
                  secret: { file: hook.secret }
                  events: [approval.requested, approval.break-glass]
                - name: chat
                  url-from: { file: slack.url }
                  format: slack
                  include-text: true
              access:
                - group: shop-admins
                  targets: [shop]
                  requesters: [developers]
                  approvers: [leads]
                  quorum: 2
                  longest: 2h
                  reason: optional
            """);
        Assert.False(bag.HasErrors, string.Join('\n', bag.Items));
        Assert.Equal((100, 5, TimeSpan.FromMinutes(15)), (config.MaxPending, config.MaxPendingPerSubject, config.FreshLogin));
        Assert.True(config.Webhooks[0].Wants("approval.requested"));
        Assert.False(config.Webhooks[0].Wants("approval.denied"));
        Assert.Equal((WebhookFormat.Slack, true), (config.Webhooks[1].Format, config.Webhooks[1].IncludeText));
        AccessConfig access = Assert.Single(config.Access);
        Assert.Equal((2, TimeSpan.FromHours(2), false), (access.Quorum, access.Longest, access.ReasonRequired));
        Assert.True(access.Covers("shop"));
        Assert.False(access.Covers("hr"));
    }

    [Theory]
    [InlineData("webhooks: [{ name: a, url: 'http://siem.example', secret: { file: s } }]", "is no address to send to")]
    [InlineData("webhooks: [{ name: a, url: 'https://user:pw@siem.example', secret: { file: s } }]", "is no address to send to")]
    [InlineData("webhooks: [{ name: a, secret: { file: s } }]", "exactly one of url, url-from")]
    [InlineData("webhooks: [{ name: a, url: 'https://siem.example' }]", "must have a \"secret\"")]
    [InlineData("webhooks: [{ name: a, url: 'https://siem.example', secret: hunter2 }]", "A secret must not stand in the configuration")]
    [InlineData("webhooks: [{ name: a, url: 'https://a.example', secret: { file: s } }, { name: a, url: 'https://b.example', secret: { file: s } }]", "is taken")]
    [InlineData("access: [{ group: g, targets: [t], requesters: [], approvers: [a] }]", "names nobody")]
    [InlineData("access: [{ group: g, targets: [t], requesters: [r], approvers: [g] }]", "could then approve it for others")]
    [InlineData("surprise: 1", "surprise")]
    public void What_is_wrong_is_said(string yaml, string message)
    {
        (_, DiagnosticBag bag) = Read($"approvals: {{ {yaml} }}");
        Assert.Contains(bag.Items, d => d.ToString().Contains(message, StringComparison.Ordinal));
        Assert.DoesNotContain(bag.Items, d => d.ToString().Contains("hunter2", StringComparison.Ordinal));
    }

    private static (ApprovalsConfig Config, DiagnosticBag Bag) Read(string yaml)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("sallyport.yaml", yaml);
        var bag = new DiagnosticBag();
        YamlMap document = YamlReader.ReadSingleFile(directory["sallyport.yaml"], bag)!;
        ApprovalsConfig config = ApprovalsSection.Read(document, new ConfigFiles(directory[""]));
        document.ReportUnknownKeys();
        return (config, bag);
    }
}
