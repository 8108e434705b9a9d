package plots

import ("testing";"math";"math/rand/v2";"os")

func mix(x,y float64) float64 { // E of two gaussians
 q:=func(mx,my float64) float64{return math.Exp(-((x-mx)*(x-mx)+(y-my)*(y-my))/(2*.5))/(2*math.Pi*.5)/2}
 return -math.Log(q(-2,-2)+q(2,2)+1e-300)
}
func fld(x0,x1,y0,y1 float64,n int, e func(x,y float64) float64) Field{
 f:=Field{XMin:x0,XMax:x1,YMin:y0,YMax:y1,NX:n,NY:n,Values:make([]float64,n*n)}
 c:=f.Centers(); for i:=range c.X {f.Values[i]=e(c.X[i],c.Y[i])}
 return f}
func TestLook(t *testing.T){
 dir:=os.Getenv("LOOK"); if dir==""{t.Skip()}
 r:=rand.New(rand.NewPCG(1,2))
 var d,s Points
 for i:=range 8000{ m:=2.0; if i%2==0{m=-2}; d.X=append(d.X,m+r.NormFloat64()*.707);d.Y=append(d.Y,m+r.NormFloat64()*.707)
  if i<2000{s.X=append(s.X,m+r.NormFloat64()*.75);s.Y=append(s.Y,m+r.NormFloat64()*.75)} }
 f:=fld(-5,5,-5,5,101,mix)
 ck:=func(e error){t.Helper();if e!=nil{t.Error(e)}}
 ck(EnergyMap{Title:"two-gaussians-dsm",Data:d,Energy:f,Contours:true}.Save(dir+"/energy.png"))
 ck(EnergyMap{Title:"two-gaussians-dsm",Data:d,Energy:f,Contours:true}.Save(dir+"/energy.svg"))
 ring:=fld(-3,3,-3,3,80,func(x,y float64)float64{q:=math.Hypot(x,y)-2; return 3*q*q})
 ring.Values[80*40+40]=math.NaN(); for k:=range 10{for j:=range 6{ring.Values[(70+j)*80+10+k]=math.Inf(1)}}
 ck(EnergyMap{Energy:ring}.Save(dir+"/ring.png"))
 g:=fld(-5,5,-5,5,101,func(x,y float64)float64{return math.Exp(-mix(x,y))})
 ck(SamplesOverDensity{Title:"two-gaussians-dsm",Samples:s,Energy:f,Truth:&g}.Save(dir+"/samples.png"))
 ck(SamplesOverDensity{Samples:s,Energy:f}.Save(dir+"/samples1.png"))
 // old faithful like
 of:=fld(1,6,35,105,90,func(x,y float64)float64{a:=(x-2)/.3;b:=(y-54)/6;c:=(x-4.3)/.4;e:=(y-80)/6; return -math.Log(.35*math.Exp(-(a*a+b*b)/2)+.65*math.Exp(-(c*c+e*e)/2)+1e-9)})
 var op Points; for i:=range 272{if i%3==0{op.X=append(op.X,2+.3*r.NormFloat64());op.Y=append(op.Y,54+6*r.NormFloat64())}else{op.X=append(op.X,4.3+.4*r.NormFloat64());op.Y=append(op.Y,80+6*r.NormFloat64())}}
 ax:=Axes{"eruption (min)","waiting time (min)"}
 ms:=[]Model{{"mle","NLL 4.12",of},{"fisher","",of},{"dsm","NLL 4.12",of},{"nce","NLL 4.12",of}}
 ck(EnergyMap{Title:"Old Faithful",Axes:ax,Data:op,Energy:of,Contours:true}.Save(dir+"/faithful.png"))
 ck(Grid{Title:"Old Faithful: four methods",Axes:ax,Models:ms}.Save(dir+"/grid4.png"))
 ck(Grid{Title:"Old Faithful: four methods",Axes:ax,Data:op,Models:ms,Contours:true}.Save(dir+"/grid5.png"))
 ck(Grid{Axes:ax,Data:op,Models:ms[:1]}.Save(dir+"/grid2.png"))
 ck(Grid{Axes:ax,Models:ms[:1]}.Save(dir+"/grid1.png"))
 var st,lo,lr,ga []float64
 for i:=range 200{x:=float64(i+1)*100;st=append(st,x);v:=3*math.Exp(-x/2000)+.01*math.Exp(.3*r.NormFloat64())+.003;if i==50||i==51||i==120{v=math.NaN()};lo=append(lo,v);lr=append(lr,.5e-3*(1+math.Cos(math.Pi*x/20000)));ga=append(ga,r.NormFloat64()*(.1+math.Exp(-x/3000))) }
 ga[30]=40
 ck(TrainingCurves{Title:"two-gaussians-mle",Series:[]Series{{Name:"loss",Unit:"nats",Steps:st,Values:lo,Log:true},{Name:"energy gap E(data) − E(samples)",Unit:"nats",Steps:st,Values:ga},{Name:"learning rate",Steps:st,Values:lr}}}.Save(dir+"/curves.png"))
 ck(TrainingCurves{Series:[]Series{{Name:"loss",Unit:"nats",Steps:st,Values:lo}}}.Save(dir+"/curves1.png"))
 nan:=make([]float64,200);for i:=range nan{nan[i]=math.NaN()}
 ck(TrainingCurves{Series:[]Series{{Name:"loss",Unit:"nats",Steps:st,Values:nan,Log:true},{Name:"x",Steps:st[:1],Values:lr[:1]}}}.Save(dir+"/curvesnan.png"))
 var ed,es,en []float64
 for range 8000{ed=append(ed,3+r.ExpFloat64()*1.5);es=append(es,3.2+r.ExpFloat64()*1.8);en=append(en,5+r.ExpFloat64()*60)}
 en[4]=math.NaN()
 ck(EnergyHistograms{Title:"ring-8d-nce: energies",Sets:[]EnergySet{{"data",ed},{"samples",es[:1000]},{"noise",en}}}.Save(dir+"/hist.png"))
}
