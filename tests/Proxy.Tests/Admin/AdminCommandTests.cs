using System.CommandLine;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Cli;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>The command line against the real API.</summary>
public sealed class AdminCommandTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _files = new();
    private AdminHouse _house = null!;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync()
    {
        await _house.DisposeAsync();
        _files.Dispose();
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended()
    {
        TestSession session = await _house.EnterAsync("carol\u001b[31m");
        (int code, string output, _) = await RunAsync(SessionsCommand.Create(), AdminRole.Administrator, "list");
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains(session.Id.ToString(), output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        (code, output, _) = await RunAsync(SessionsCommand.Create(), AdminRole.Administrator, "terminate", session.Id.ToString(), "--reason", "over");
        Assert.Equal((ExitCode.Done, $"{session.Id}: ending\n"), (code, output));
        Assert.NotNull(session.Ended);
    }

    [Fact]
    public async Task A_refusal_says_why_and_has_a_code()
    {
        (int code, _, string error) = await RunAsync(SessionsCommand.Create(), AdminRole.Viewer, "terminate", Guid.NewGuid().ToString(), "--reason", "x");
        Assert.Equal(ExitCode.Denied, code);
        Assert.Contains("needs the role administrator", error, StringComparison.Ordinal);
        (code, _, error) = await RunAsync(SessionsCommand.Create(), AdminRole.Administrator, "terminate", Guid.NewGuid().ToString(), "--reason", "x");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("There is no live session", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_s_password_comes_from_a_file()
    {
        string[] set = ["set", "billing", "--address", "db:5432", "--user", "app", "--password-file", _files.Write("password", "s3cret\n"), "--reason", "new"];
        (int code, string output, string error) = await RunAsync(TargetsCommand.Create(), AdminRole.Administrator, set);
        Assert.True(code == ExitCode.Done, error);
        Assert.DoesNotContain("s3cret", output + error, StringComparison.Ordinal);
        Assert.Equal("s3cret", (await _house.Targets.CredentialAsync(_house.Targets.Find("billing", "postgres")!, default)).Password);
    }

    [Fact]
    public async Task A_policy_goes_out_as_it_came_in()
    {
        const string Text = "policy: readers\nrules:\n  - {id: read, effect: allow, verbs: [select]}\n";
        (int code, string output, string error) = await RunAsync(PoliciesCommand.Create(), AdminRole.PolicyAuthor, "import", _files.Write("readers.yaml", Text), "--reason", "first");
        Assert.True(code == ExitCode.Done, output + error);
        (code, output, error) = await RunAsync(PoliciesCommand.Create(), AdminRole.PolicyAuthor, "diff", "readers", "1");
        Assert.True(code == ExitCode.Done, error);
        Assert.Contains("+policy: readers", output, StringComparison.Ordinal);
        (code, _, error) = await RunAsync(PoliciesCommand.Create(), AdminRole.PolicyAuthor, "publish", "readers", "1", "--reason", "mine");
        Assert.Equal(ExitCode.Denied, code);
        (code, _, error) = await RunAsAsync(PoliciesCommand.Create(), AdminRig.Token("other", AdminRole.PolicyAuthor), "publish", "readers", "1", "--reason", "fine");
        Assert.True(code == ExitCode.Done, error);
        await RunAsync(PoliciesCommand.Create(), AdminRole.PolicyAuthor, "export", _files["out"]);
        Assert.Equal(Text, File.ReadAllText(Path.Combine(_files["out"], "readers.yaml")));
    }

    [Fact]
    public void What_goes_into_a_path_stays_in_its_place()
    {
        Assert.Equal("/v1/x/a%2F..%3Fb%26c?reason=d%26e%20f", AdminClient.Path($"/v1/x/{"a/..?b&c"}?reason={"d&e f"}"));
        Assert.Equal("/v1/x?a=1%262&c=true", AdminClient.Query("/v1/x", ("a", "1&2"), ("b", null), ("c", true)));
    }

    [Theory]
    [InlineData("http://sallyport.example:7443")]
    public void A_token_does_not_go_unencrypted_to_another_machine(string url) => Assert.Throws<AdminClientException>(() => new AdminClient(new Uri(url), "token"));

    private Task<(int Code, string Output, string Error)> RunAsync(Command command, AdminRole role, params string[] args) => RunAsAsync(command, AdminRig.Token("adam", role), args);

    private async Task<(int Code, string Output, string Error)> RunAsAsync(Command command, string token, params string[] args)
    {
        string[] all = [.. args, "--url", _house.Rig.Server.Address.AbsoluteUri, "--token-file", _files.Write("token", token)];
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = await command.Parse(all).InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return (code, output.ToString(), error.ToString());
    }
}
