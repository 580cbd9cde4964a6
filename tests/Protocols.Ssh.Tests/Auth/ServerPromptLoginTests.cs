using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

public sealed class ServerPromptLoginTests
{
    private static readonly SshPrivateKey Alice = TestKeys.Of(SshKeyTypes.Ed25519, "alice");
    private static readonly SshWriter Begin = AuthRig.Request("keyboard-interactive").String("").String("");

    [Fact]
    public async Task It_asks_who_shows_where_waits_and_goes_on_by_itself()
    {
        var login = new FakeLogin();
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        Assert.Contains("Login name: ", await TakeInfoAsync(rig, questions: 1), StringComparison.Ordinal);
        await rig.SendAsync(Answer(" alice "));
        string shown = await TakeInfoAsync(rig, questions: 0);
        Assert.Contains(login.Prompt.Url, shown, StringComparison.Ordinal);
        Assert.Contains(login.Prompt.Code, shown, StringComparison.Ordinal);
        await rig.SendAsync(Answer());
        await new ManualTime().UntilAsync(() => rig.Auth.State == SshAuthState.Prompted);
        Assert.False(rig.Login.IsCompleted);

        login.Answer(FakeLogin.Person("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        SshLoggedIn done = await rig.ExpectLoginAsync();
        Assert.Equal("alice", done.Identity.Subject);
        Assert.Equal(["prompt for alice to " + AuthRig.User], login.Asked);

        // Nothing reads ahead any more: what the client sends next is the engine's.
        await rig.Auth.SucceedAsync(default);
        Assert.Equal([52], await rig.TakeAsync());
        rig.Client.Authenticated();
        await rig.SendAsync(new SshWriter().Byte(80).String("x").Boolean(false));
        Assert.Equal(80, (await rig.Server.ReadAsync(default)).Span[0]);
    }

    [Fact]
    public async Task A_login_that_is_done_before_the_client_answers_waits_for_the_answer()
    {
        var login = new FakeLogin();
        login.Answer(FakeLogin.Person("alice"));
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
    }

    [Fact]
    public async Task A_client_that_shows_questions_only_gets_one()
    {
        var login = new FakeLogin();
        var time = new ManualTime();
        await using AuthRig rig = await AuthRig.StartAsync(login, time: time);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        await time.UntilAsync(() => rig.Auth.State == SshAuthState.Prompted && time.Timers > 0);
        time.Advance(SshPromptLogin.AskAfter);
        string question = await TakeInfoAsync(rig, questions: 1);
        Assert.Contains(login.Prompt.Url, question, StringComparison.Ordinal);
        Assert.Contains("press Enter", question, StringComparison.Ordinal);
        login.Answer(FakeLogin.Person("alice"));
        await rig.SendAsync(Answer(""));
        byte[] last = rig.Login.IsCompleted ? [] : await NextOrLoginAsync(rig);
        if (last.Length > 0)
            await rig.SendAsync(Answer());
        Assert.Equal("alice", (await rig.ExpectLoginAsync()).Identity.Subject);
    }

    [Fact]
    public async Task A_person_who_says_no_is_a_failure_and_other_ways_stay_open()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        login.Answer(new LoginResult(null, "prompt-denied"));
        await rig.ExpectFailureAsync();
        await rig.SendAsync(rig.Signed(Alice));
        Assert.Equal([SshMethod.PublicKey], (await rig.ExpectLoginAsync()).Methods);
    }

    [Fact]
    public async Task Another_request_withdraws_the_prompt_and_no_failure_is_sent_for_it()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        await rig.SendAsync(rig.Signed(Alice));
        Assert.Equal([SshMethod.PublicKey], (await rig.ExpectLoginAsync()).Methods);
        await login.Withdrawn.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_client_that_leaves_withdraws_the_prompt()
    {
        var login = new FakeLogin();
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        await rig.Client.DisconnectAsync(11, "bye");
        await login.Withdrawn.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("closed-early", (await Assert.ThrowsAsync<SshEndException>(() => rig.Login)).End.Reason);
    }

    [Fact]
    public async Task As_a_second_factor_it_is_for_the_person_of_the_first()
    {
        var login = new FakeLogin().Knows(Alice, "alice");
        await using AuthRig rig = await AuthRig.StartAsync(login, [[SshMethod.PublicKey, SshMethod.KeyboardInteractive]]);
        await rig.SendAsync(rig.Signed(Alice));
        await rig.ExpectFailureAsync(true, "keyboard-interactive");
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 0);
        login.Answer(FakeLogin.Person("alice"));
        await rig.SendAsync(Answer());
        byte[] last = await NextOrLoginAsync(rig);
        if (last.Length > 0)
            await rig.SendAsync(Answer());
        Assert.Equal([SshMethod.PublicKey, SshMethod.KeyboardInteractive], (await rig.ExpectLoginAsync()).Methods);
        Assert.Contains("prompt for alice to " + AuthRig.User, login.Asked);
    }

    [Fact]
    public async Task Who_says_no_name_is_shown_nothing()
    {
        var login = new FakeLogin();
        await using AuthRig rig = await AuthRig.StartAsync(login);
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("  "));
        await rig.ExpectFailureAsync();
        Assert.Empty(login.Asked);
    }

    [Fact]
    public async Task Answers_that_were_not_asked_for_end_it()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin());
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice", "root"));
        await rig.ExpectEndAsync(2, "protocol-violation");
    }

    [Fact]
    public async Task Nothing_may_be_said_while_a_person_logs_in()
    {
        await using AuthRig rig = await AuthRig.StartAsync(new FakeLogin());
        await rig.SendAsync(Begin);
        await TakeInfoAsync(rig, questions: 1);
        await rig.SendAsync(Answer("alice"));
        await TakeInfoAsync(rig, questions: 0);
        await rig.SendAsync(Answer());
        await rig.SendAsync(Answer());
        await rig.ExpectEndAsync(2, "protocol-violation");
    }

    private static SshWriter Answer(params string[] answers)
    {
        SshWriter writer = new SshWriter().Byte(61).UInt32((uint)answers.Length);
        foreach (string answer in answers)
            writer.String(answer);
        return writer;
    }

    private static async Task<string> TakeInfoAsync(AuthRig rig, uint questions)
    {
        byte[] message = await rig.TakeAnswerAsync();
        Assert.Equal(60, message[0]);
        var reader = new SshReader(message.AsSpan(1));
        string text = reader.ReadText(1000) + reader.ReadText(1000);
        reader.ReadText(10);
        Assert.Equal(questions, reader.ReadUInt32());
        for (uint i = 0; i < questions; i++)
        {
            text += reader.ReadText(1000);
            reader.ReadByte();
        }

        Assert.True(reader.AtEnd);
        return text;
    }

    /// <summary>The last request without questions, where there is one: whether the answer or the login came first is open.</summary>
    private static async Task<byte[]> NextOrLoginAsync(AuthRig rig)
    {
        Task<Memory<byte>> reading = rig.Client.ReadAsync(default).AsTask();
        await Task.WhenAny(reading, rig.Login).WaitAsync(TimeSpan.FromSeconds(20));
        return reading.IsCompleted ? (await reading).ToArray() : [];
    }
}
